import { AsyncPolicy } from '../../server/core/policy/async.ts';
import type { Mode } from '../../server/core/policy/modes.ts';
import type { LeaseLimits, Policy } from '../../server/core/policy/policy.ts';
import type { Finding } from '../../server/core/run/audits.ts';
import type { Recompute } from '../../server/core/run/recomputation.ts';
import { bufferedPolicy, syncPolicy } from '../../server/core/testing/policies.ts';
import { settled } from '../../server/core/testing/runWorld.ts';
import { World } from '../../server/core/testing/world.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import type { AuditVerdict } from '../../shared/protocol/trust.ts';
import { createGenerator, deriveSeed } from '../../shared/random/generator.ts';
import { HonestDevice } from './device.ts';
import {
  DEVICE_ENGINE_NAMES,
  DEVICE_ENGINES,
  type DeviceEngine,
  type PairPool,
  type UnitSize,
} from './pool.ts';

/** One run of honest devices. */
export interface PlaySpec {
  size: UnitSize;
  mode: Mode;
  server: Arithmetic;
  devices: number;
  /** Of all devices together, with a connection. */
  hours: number;
  /** Of one core, 0 to 1, that audits may take. */
  auditCpu: number;
  seed: number;
}

/** What audits found of the devices with one engine. */
export type Verdicts = Record<AuditVerdict, number>;

export interface PlayResult extends PlaySpec {
  units: number;
  commits: number;
  verdicts: Record<DeviceEngine, Verdicts>;
  /** How often a device came to be suspected. */
  suspected: number;
  /** Devices that were suspected at the end. */
  stillSuspected: number;
  trusted: number;
  barred: number;
}

const STEP_MS = 100;
const HOUR_MS = 3_600_000;
/** The server computes a unit in this time: some ten times as fast as a phone. */
const RECOMPUTED_MS = 400;
const LIMITS: LeaseLimits = { floorMs: 2000, capMs: 30_000 };
/** The number of a pair travels in an update as a multiple of this: float32 holds it exactly. */
const UNIT_OF_NUMBER = 2 ** -16;
const PARAMETERS = 1000;

interface ModeParts {
  policy: () => Policy;
  combines: boolean;
}

/** As servers have them by default. */
const MODES: Readonly<Record<Mode, ModeParts>> = {
  sync: { policy: () => syncPolicy({ limits: LIMITS }), combines: true },
  buffered: { policy: () => bufferedPolicy({ limits: LIMITS }), combines: true },
  async: {
    policy: () => new AsyncPolicy({ staleness: 'sqrt', maxStaleness: 64, limits: LIMITS }),
    combines: false,
  },
};

/** An update that names a pair; its norm is one, as good as. */
function updateOf(pair: number): Float32Array {
  const update = new Float32Array(PARAMETERS);
  update.set([pair * UNIT_OF_NUMBER, 1]);
  return update;
}

/** What the server finds of a unit: what was recorded of the pair that its update names. */
function recomputeOf(pool: PairPool, wait: (milliseconds: number) => Promise<void>): Recompute {
  return async ({ update, arithmetics }) => {
    const { first, both } = pool.at((update[0] ?? NaN) / UNIT_OF_NUMBER);
    const milliseconds = RECOMPUTED_MS * arithmetics.length;
    await wait(milliseconds);
    return { ...(arithmetics.length === 1 ? first : both), norm: 1, milliseconds };
  };
}

/** Plays one run to its end. */
export async function play(spec: PlaySpec, pool: PairPool): Promise<PlayResult> {
  const { size, mode, server, auditCpu, seed } = spec;
  const { policy, combines } = MODES[mode];
  const engines = new Map<string, DeviceEngine>();
  const verdicts = noVerdicts();
  const found = ({ device, verdict }: Finding) => {
    const engine = engines.get(device);
    if (engine !== undefined) verdicts[engine][verdict]++;
  };
  const world: World = new World({
    policy: policy(),
    aggregation: combines ? 'auto' : 'mean',
    boundsNorms: true,
    mode,
    ...(size.steps === 1 ? {} : { local: { steps: size.steps, lr: 0.1, momentum: 0, decay: null } }),
    audits: {
      share: auditCpu,
      seed: deriveSeed(seed, 1),
      combines,
      arithmetic: server,
      codec: 'float32',
      found,
      failed: (error) => {
        throw error;
      },
      recompute: recomputeOf(
        pool,
        (milliseconds) => new Promise((resolve) => void world.clock.after(milliseconds, resolve)),
      ),
    },
  });
  let suspected = 0;
  world.crowd.watchTrust(({ to }) => (suspected += to.state === 'suspected' ? 1 : 0));
  const devices = Array.from({ length: spec.devices }, (_, number) => {
    const engine = DEVICE_ENGINE_NAMES[number % DEVICE_ENGINE_NAMES.length] ?? 'wasm, strict';
    const random = createGenerator(deriveSeed(seed, 2, number));
    const device = world.device({ unitMs: null }).join();
    device.takeUp(DEVICE_ENGINES[engine], 1);
    engines.set(device.id, engine);
    return new HonestDevice({
      world,
      device,
      random,
      updateOf: () => updateOf(pool.draw(engine, server, size, random)),
    });
  });
  world.coordinator.start();
  await passUntil(world, devices, spec.hours * HOUR_MS);
  const states = world.crowd.records().map(({ trust }) => trust.state);
  const countOf = (state: (typeof states)[number]) => states.filter((each) => each === state).length;
  return {
    ...spec,
    units: devices.reduce((sum, { units }) => sum + units, 0),
    commits: world.coordinator.updates,
    verdicts,
    suspected,
    stillSuspected: countOf('suspected'),
    trusted: countOf('trusted'),
    barred: countOf('barred'),
  };
}

/** Until all devices together were present for so long. */
async function passUntil(world: World, devices: readonly HonestDevice[], presentMs: number): Promise<void> {
  const present = () => devices.reduce((sum, device) => sum + device.presentMs, 0);
  while (present() < presentMs) {
    world.clock.advance(STEP_MS);
    world.wire.drain();
    await settled();
    for (const device of devices) device.look();
    world.wire.drain();
  }
}

export function noVerdicts(): Record<DeviceEngine, Verdicts> {
  const entries = DEVICE_ENGINE_NAMES.map((name) => [name, { right: 0, wrong: 0, unclear: 0 }] as const);
  return Object.fromEntries(entries) as Record<DeviceEngine, Verdicts>;
}
