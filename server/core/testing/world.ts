import { cutKeyRanges, joinSlices, sliceOf, type KeyRange } from '../../../shared/model/ranges.ts';
import type { Lease } from '../../../shared/protocol/messages.ts';
import type { Selector } from '../../../shared/protocol/placement.ts';
import { Coordinator } from '../coordinator.ts';
import type { OptimizerSettings } from '../optimizer.ts';
import { AsyncPolicy } from '../policy/async.ts';
import type { LeaseLimits, Policy } from '../policy/policy.ts';
import { Placement } from '../placement/placement.ts';
import type { PlacementMethod } from '../placement/plan.ts';
import type { Solve } from '../placement/program.ts';
import { SyncPolicy, type SyncSettings } from '../policy/sync.ts';
import { Shard } from '../shard.ts';
import type { DataShardRef } from '../unit.ts';
import { createWork, type LocalSchedule } from '../work.ts';
import { noiseVector, PLAIN_OPTIMIZER, replay } from './plainModel.ts';
import { Ledger, RecordedShard, Recorder } from './recorder.ts';
import { ScriptedDevice, type DeviceScript } from './scriptedDevice.ts';
import { VirtualClock } from './virtualClock.ts';
import { Wire } from './wire.ts';

export const KEY = new Uint8Array(32).fill(7);
export const RUN = '0badcafe';
export const LIMITS: LeaseLimits = { floorMs: 1000, capMs: 10_000 };
export const BATCH = 32;
const PARAMETERS = 1000;
const DATA_SHARDS = 7;

export interface WorldOptions {
  policy?: Policy;
  shards?: number;
  maxNorm?: number;
  /** As placement is told; sync where none is named. */
  mode?: 'sync' | 'async';
  /** Uniform where none is named. */
  placement?: PlacementMethod;
  /** One where none is named. */
  leastWorkers?: number;
  /** Any device will do where none is named. */
  requires?: Selector;
  prefers?: Selector;
  /** Bytes a millisecond that all devices share; as many as they like where none is named. */
  link?: number;
  /** Has no answer where none is named. */
  solve?: Solve;
  maxDevices?: number;
  /** Local steps of every unit; none asks for gradients. */
  local?: LocalSchedule;
  /** Other than the plain model's: {@link World.plain} cannot be asked then. */
  optimizer?: OptimizerSettings;
  /** The model is the newest parameters where none is named. */
  average?: number;
}

export const asyncPolicy = (maxStaleness = 64) =>
  new AsyncPolicy({ staleness: 'sqrt', maxStaleness, limits: LIMITS });

export const syncPolicy = (settings: Partial<SyncSettings> = {}) =>
  new SyncPolicy({ reduce: 'mean', roundSize: 'all', limits: LIMITS, ...settings });

/** Data shards by number alone. */
export function dataShards(count: number, samples = 100): DataShardRef[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    path: `/data/${'0'.repeat(32)}.bin`,
    samples,
  }));
}

/** A coordinator, its shards and scripted devices in one process, under a clock and a network turned by hand. */
export class World {
  readonly clock = new VirtualClock();
  readonly wire = new Wire();
  readonly ledger = new Ledger();
  readonly recorder = new Recorder(0);
  /** Every lease granted so far. */
  readonly leases = new Map<number, Lease>();
  readonly initial = noiseVector(1, PARAMETERS);
  readonly ranges: KeyRange[];
  readonly shards: Shard[];
  readonly ports: RecordedShard[] = [];
  readonly placement: Placement;
  readonly coordinator: Coordinator;
  readonly devices: ScriptedDevice[] = [];
  committed: () => void = () => undefined;
  firstLease: () => void = () => undefined;
  #minted = 0;

  constructor(options: WorldOptions = {}) {
    const { policy = asyncPolicy(), shards = 2, maxNorm = 1e4, maxDevices = 100 } = options;
    const { clock } = this;
    this.ranges = cutKeyRanges(PARAMETERS, shards);
    this.placement = new Placement(
      {
        method: options.placement ?? 'uniform',
        budgetMs: 100,
        shape: {
          ...{
            mode: options.mode ?? 'sync',
            batch: BATCH,
            steps: options.local?.steps ?? null,
            elastic: true,
          },
          ...{ bytesAUnit: 8 * PARAMETERS, dataShards: dataShards(DATA_SHARDS), bytesADataShard: 78_500 },
          ...{
            leastWorkers: options.leastWorkers ?? 1,
            mostMs: LIMITS.capMs / 2,
            link: options.link ?? null,
          },
          ...{ overrunMs: 0, requires: options.requires ?? {}, prefers: options.prefers ?? {} },
        },
      },
      { clock, solve: options.solve ?? (() => Promise.resolve({ chosen: null, status: 'no solver here' })) },
    );
    this.coordinator = new Coordinator(
      { run: RUN, key: KEY, ranges: this.ranges, version: 0, samples: 0, maxNorm, maxDevices },
      {
        clock,
        policy,
        work: createWork(dataShards(DATA_SHARDS), {
          batch: BATCH,
          local: options.local ?? null,
          seed: 3,
          startVersion: 0,
        }),
        placement: this.placement,
        shards: this.ports,
        mintDevice: () => (++this.#minted).toString(16).padStart(12, '0'),
        committed: () => this.committed(),
        firstLease: () => this.firstLease(),
      },
    );
    this.shards = this.ranges.map(
      (range, index) =>
        new Shard(
          {
            ...{ index, ranges: this.ranges, run: RUN, key: KEY, version: 0 },
            parameters: sliceOf(this.initial, range),
            ...{ optimizer: options.optimizer ?? PLAIN_OPTIMIZER, average: options.average ?? null },
          },
          clock,
          this.coordinator,
        ),
    );
    for (const shard of this.shards) this.ports.push(new RecordedShard(shard, this.recorder));
  }

  device(script: DeviceScript = {}): ScriptedDevice {
    const device = new ScriptedDevice(this, this.devices.length, script);
    this.devices.push(device);
    return device;
  }

  /** So many devices that have joined and asked for work. */
  readyDevices(count: number, script: DeviceScript = {}): ScriptedDevice[] {
    return Array.from({ length: count }, () => this.device(script).join().ready());
  }

  /** Lets everything under way arrive, and time pass, in steps short enough for answers to meet. */
  pass(milliseconds: number): void {
    const step = 50;
    this.wire.drain();
    for (let left = milliseconds; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      this.wire.drain();
    }
  }

  /** The parameters of one version as the shards give them out. */
  parametersAt(version: number): Float32Array {
    const slices = this.shards.map((shard) => {
      let slice = new Float32Array(0);
      shard.pull(version, (answer) => (slice = answer.slice?.slice() ?? slice));
      return slice;
    });
    return joinSlices(this.ranges, slices);
  }

  get parameters(): Float32Array {
    return this.parametersAt(this.coordinator.version);
  }

  /** The parameters of every version as a plain model computes them from the commit records. */
  plain(): Float32Array[] {
    return replay(this.initial, 0, this.recorder.records, this.leases);
  }
}
