import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_EQUAL } from '../aggregation/aggregation.ts';
import { twoDevices } from '../testing/twoDevices.ts';
import { LIMITS, syncPolicy } from '../testing/policies.ts';
import { World } from '../testing/world.ts';

const complete = (roundSize: number) => syncPolicy({ roundSize, rounds: 'complete' });

/** What happens to the devices of a run, and when: a device more, or one that is lost. */
interface Event {
  afterMs: number;
  joins: { unitMs: number; workers: number } | null;
}

const events = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 3000 }),
    joins: fc.option(
      fc.record({ unitMs: fc.constantFrom(20, 100, 900, 4000), workers: fc.integer({ min: 1, max: 3 }) }),
    ),
  }),
  { maxLength: 8 },
);

/** The parameters of a version that a run comes to, whatever happens to its devices before. */
function parametersOf(
  version: number,
  happens: Event[],
  rounds: 'cut' | 'complete' = 'complete',
): Float32Array {
  const world = new World({ policy: syncPolicy({ roundSize: 3, rounds }), bounded: ALL_EQUAL });
  world.coordinator.start();
  const here = [world.device({ unitMs: 100 }).join().ready()];
  for (const { afterMs, joins } of happens) {
    world.pass(afterMs);
    if (joins === null) here.shift()?.vanish();
    else here.push(world.device(joins).join().ready());
  }
  // In the end there is one at least, which is enough.
  world.device({ unitMs: 50 }).join().ready();
  for (let passed = 0; world.coordinator.version < version; passed += 500) {
    if (passed > 600_000) throw new Error(`waits at version ${world.coordinator.version}`);
    world.pass(500);
  }
  return world.plain()[version] ?? new Float32Array(0);
}

describe('complete rounds', () => {
  it('[PO6] [RN8] make the same of every version, whichever devices come, are slow or are lost', () => {
    const expected = parametersOf(12, []);
    const alike = fc.property(events, (happens) => {
      expect(parametersOf(12, happens)).toEqual(expected);
    });
    fc.assert(alike, { numRuns: 60 });
  });

  it('[RN8] are what it takes: rounds that are cut make another model of other devices', () => {
    const another = [{ afterMs: 0, joins: { unitMs: 100, workers: 1 } }];
    expect(parametersOf(6, another, 'cut')).not.toEqual(parametersOf(6, [], 'cut'));
  });

  it('[PO13] are not cut: a device that is silent for hours costs only the time of its lease', () => {
    const { world, first, second } = twoDevices(complete(2));
    second.pushNow();
    world.pass(LIMITS.capMs);
    expect(world.coordinator.version).toBe(0);
    expect(second.outcomes()).toEqual(['KEPT', 'KEPT']);
    const lost = first.lease.unit;
    second.ready();
    world.wire.drain();
    expect(second.lease.unit).toEqual(lost);
    const taken = second.lease;
    second.pushNow();
    expect(second.outcomes(taken)).toEqual(['APPLIED', 'APPLIED']);
    expect(world.recorder.records).toMatchObject([{ members: [{ weight: 0.5 }, { weight: 0.5 }] }]);
    expect(world.plain().at(-1)).toEqual(world.parameters);
  });

  it('[LS21] all workers that wait are let go for one free slot, and one of them that is lost does no harm', () => {
    const world = new World({ policy: complete(4) });
    const devices = world.readyDevices(4, { unitMs: null });
    world.coordinator.start();
    world.wire.drain();
    const [lost, ...others] = devices;
    for (const device of others) device.pushNow();
    lost?.vanish();
    world.wire.drain();
    expect(others.map((device) => device.outcomes())).toEqual(others.map(() => ['KEPT', 'KEPT']));
    const [gone, , last] = others;
    gone?.vanish();
    last?.ready();
    world.wire.drain();
    last?.pushNow();
    expect(world.coordinator.version).toBe(1);
    expect(world.recorder.membersAt(1)).toHaveLength(4);
  });

  it('[PO6] cannot be had without a fixed size', () => {
    expect(() => syncPolicy({ rounds: 'complete', roundSize: 'all' })).toThrow(RangeError);
  });

  it('[LS20] a kept update that is pushed again is answered so again, and counts once, for its device', () => {
    const { world, first, second } = twoDevices(complete(2));
    const kept = second.lease;
    second.pushNow();
    first.vanish();
    world.wire.drain();
    second.pushNow(kept);
    expect(second.outcomes(kept)).toEqual(['KEPT', 'KEPT', 'KEPT', 'KEPT']);
    second.ready();
    world.wire.drain();
    second.pushNow();
    second.pushNow(kept);
    expect(second.answers.at(-1)).toMatchObject({ outcome: 'DUPLICATE', first: 'APPLIED' });
    // Weights would mean that the next lease comes unasked.
    expect(second.answers.at(-1)?.version).toBeUndefined();
    expect(world.coordinator.version).toBe(1);
    const row = world.crowd.records().find(({ device }) => device === second.id);
    expect(row).toMatchObject({ applied: 2, lost: 0, samples: 64 });
  });

  it('[LS10] [RN1] nobody is let go while a run is paused, nor before a slot is free', () => {
    const { world, first, second } = twoDevices(complete(2));
    second.pushNow();
    expect(second.outcomes()).toEqual([]);
    world.coordinator.pause();
    first.vanish();
    world.wire.drain();
    expect(second.outcomes()).toEqual([]);
    world.coordinator.start();
    world.wire.drain();
    expect(second.outcomes()).toEqual(['KEPT', 'KEPT']);
  });

  it('[LS10] [RN4] a kept update is withdrawn with its run, and its work is done again', () => {
    const { world, first, second } = twoDevices(complete(2));
    const kept = second.lease;
    second.pushNow();
    first.vanish();
    world.wire.drain();
    world.coordinator.stop();
    world.coordinator.start();
    second.pushNow(kept);
    expect(second.answers.at(-1)).toMatchObject({ outcome: 'DUPLICATE', first: 'WITHDRAWN' });
    const heirs = world.readyDevices(2, { unitMs: 100 });
    world.pass(500);
    expect(heirs[0]?.leases[0]?.unit).toBeDefined();
    expect(world.plain()[1]).toEqual(parametersOfTwo());
  });
});

/** The first version of an undisturbed run of rounds of two. */
function parametersOfTwo(): Float32Array | undefined {
  const world = new World({ policy: complete(2) });
  world.coordinator.start();
  world.readyDevices(2);
  world.pass(1000);
  return world.plain()[1];
}
