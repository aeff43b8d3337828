import { describe, expect, it } from 'vitest';
import { gradientOf } from '../testing/plainModel.ts';
import type { Policy } from '../policy/policy.ts';
import { bufferedPolicy, syncPolicy } from '../testing/policies.ts';
import { RunWorld, settled } from '../testing/runWorld.ts';
import type { ScriptedDevice, Tampering } from '../testing/scriptedDevice.ts';
import type { WorldOptions } from '../testing/testServer.ts';
import { compare } from './comparison.ts';
import type { Recompute } from './recomputation.ts';

/* What becomes of the model where updates are found wrong after they were applied. */

const TINY: Tampering = { values: (values) => values.map((each) => 1e-6 * each) };
const FLIPPED: Tampering = { values: (values) => values.map((each) => -each) };

/** Has audits end when the test says so. */
function auditsOnDemand() {
  const held: (() => void)[] = [];
  const recompute: Recompute = async ({ base, update, unit }) => {
    await new Promise<void>((resolve) => held.push(resolve));
    return { ...compare(update, [gradientOf(base, unit)], base), milliseconds: 1 };
  };
  const audits: WorldOptions['audits'] = {
    share: 0.05,
    seed: 5,
    combines: true,
    arithmetic: 'fastest',
    codec: 'float32',
    recompute,
    found: () => undefined,
    failed: () => undefined,
  };
  /** Lets every audit end that has begun or begins because of that. */
  const end = async () => {
    await settled();
    while (held.length > 0) {
      held.shift()?.();
      await settled();
    }
  };
  return { audits, end };
}

async function guarded(devices: number, vouched = false, policy: Policy = syncPolicy()) {
  const { audits, end } = auditsOnDemand();
  const world = new RunWorld({ evaluateEvery: 2, guardJump: 3 }, { policy, audits, boundsNorms: true });
  const crew = Array.from({ length: devices }, () => world.device({ unitMs: null, vouched }).join().ready());
  await world.run.start();
  world.wire.drain();
  /** Each does its unit; the first so many lie. */
  const round = async (liars: number, lie = FLIPPED) => {
    crew.forEach((device: ScriptedDevice, index) =>
      device.pushNow(device.lease, index < liars ? lie : undefined),
    );
    await settled();
    world.wire.drain();
  };
  /** Lets what is measured next be this good. @returns its version. */
  const measure = async (accuracy: number) => {
    await world.live(50);
    await world.evaluation.finish(accuracy);
    // The next one rests for as long.
    await world.live(50);
    return world.coordinator.marks.newest;
  };
  return { world, crew, round, end, measure };
}

const restores = ({ recorder }: RunWorld) => recorder.records.filter(({ type }) => type === 'restore');

describe('updates that are found wrong when they are part of the model', () => {
  it('[GU8] are undone where they were a whole commit', async () => {
    const { world, round, end } = await guarded(1);
    await round(1);
    expect(world.coordinator.version).toBe(1);
    await end();
    expect(world.undoings).toEqual([{ bad: 1, of: 0, made: 2 }]);
    expect(restores(world)).toEqual([{ type: 'restore', version: 2, of: 0 }]);
    expect(world.parameters).toEqual(world.initial);
  });

  it('[GU12] have those of others wait for their audits, until what came after is measured as good', async () => {
    const { world, crew, end, measure } = await guarded(2, false, bufferedPolicy({ buffer: 1 }));
    const [liar, honest] = crew;
    const push = async (device: ScriptedDevice | undefined, lie?: Tampering) => {
      device?.pushNow(device.lease, lie);
      await settled();
      world.wire.drain();
      return world.coordinator.version;
    };
    await push(liar, FLIPPED);
    await end();
    world.wire.drain();
    expect(restores(world)).toHaveLength(1);
    // Its lease of what was undone is over.
    honest?.ready();
    world.wire.drain();
    const { version } = world.coordinator;
    expect(await push(honest)).toBe(version);
    await end();
    world.wire.drain();
    expect(world.coordinator.version).toBe(version + 1);
    for (let commit = 0; (world.coordinator.marks.newest ?? 0) <= version && commit < 9; commit++) {
      await push(honest);
      await end();
      world.wire.drain();
      await measure(0.9);
    }
    const good = world.coordinator.version;
    expect(await push(honest)).toBe(good + 1);
  });

  it('[GU8] are undone where they were two of three, once the second is found', async () => {
    const { world, round, end } = await guarded(3);
    await round(2);
    await end();
    expect(world.undoings).toMatchObject([{ bad: 1, of: 0 }]);
  });

  it('[GU8] stay where they were one of three', async () => {
    const { world, round, end } = await guarded(3);
    await round(1);
    await end();
    expect([world.undoings, restores(world)]).toEqual([[], []]);
    expect(world.coordinator.version).toBeGreaterThan(0);
  });

  it('[GU8] are undone once where several commits are found wrong together', async () => {
    const { world, round, end } = await guarded(1);
    for (let unit = 0; unit < 3; unit++) await round(1);
    expect(world.coordinator.version).toBe(3);
    await end();
    expect(world.undoings).toMatchObject([{ bad: 1, of: 0 }]);
  });

  it('[GU8] are not undone where the run does not train', async () => {
    const { world, round, end } = await guarded(1);
    await round(1);
    world.run.pause();
    await end();
    expect(restores(world)).toEqual([]);
  });

  it('[GU8] are undone up to a good version before them, not up to one after them', async () => {
    const { world, round, end, measure } = await guarded(1);
    for (let unit = 0; unit < 2; unit++) await round(0);
    await end();
    const good = await measure(0.5);
    await round(1);
    const { version: bad } = world.coordinator;
    for (let unit = 0; unit < 2; unit++) await round(0);
    expect(await measure(0.6)).toBeGreaterThan(bad);
    await end();
    expect(world.undoings).toMatchObject([{ bad, of: good }]);
  });

  it('[GU4] [GU8] are undone up to the beginning, where the one good version is after them', async () => {
    const { world, round, end, measure } = await guarded(1);
    await round(1);
    for (let unit = 0; unit < 2; unit++) await round(0);
    expect(await measure(0.6)).toBeGreaterThan(1);
    await end();
    expect(world.undoings).toMatchObject([{ bad: 1, of: 0 }]);
  });

  it('[GU8] stay where no good version before them is kept', async () => {
    const { world, round, end, measure } = await guarded(1);
    await round(1);
    for (const accuracy of [0.5, 0.6]) {
      for (let unit = 0; unit < 2; unit++) await round(0);
      await measure(accuracy);
    }
    await end();
    expect(world.undoings).toEqual([]);
  });

  it('[GU9] are not gone back to, although a measurement finds them good afterwards', async () => {
    const { world, round, end } = await guarded(1);
    for (let unit = 0; unit < 2; unit++) await round(1);
    await world.live(100);
    const { evaluation } = world;
    await end();
    await evaluation.finish(0.9);
    expect(world.undoings).toHaveLength(1);
    expect(world.coordinator.marks.newest).toBe(0);
  });
});

describe('tiny updates that are found wrong', () => {
  it('[NB6] do not have the updates of honest devices scaled down to nothing afterwards', async () => {
    const { world, crew, round, end } = await guarded(5);
    await round(3, TINY);
    await end();
    const { version } = world.coordinator;
    world.wire.drain();
    for (const device of crew) device.ready();
    world.wire.drain();
    await round(0);
    await end();
    const record = world.recorder.records.find((each) => each.version > version && each.type === 'update');
    const weights = record?.type === 'update' ? record.members.map(({ weight }) => weight) : [];
    expect(Math.max(...weights)).toBeGreaterThan(0.1);
  });
});

describe('a device whose update made the model bad', () => {
  it('[AT13] [GU3] is found when the guard has brought the good state back, although it was trusted', async () => {
    const { world, crew, round, end } = await guarded(3, true);
    await round(1);
    await end();
    const trust = () => crew.map(({ id }) => world.crowd.get(id)?.trust);
    expect(trust()).toEqual(['trusted', 'trusted', 'trusted']);
    world.lossOf = () => Promise.resolve(world.rescues.length === 0 ? NaN : 1);
    await round(0);
    expect(world.rescues).toHaveLength(1);
    await end();
    expect(trust()).toEqual(['suspected', 'trusted', 'trusted']);
  });
});
