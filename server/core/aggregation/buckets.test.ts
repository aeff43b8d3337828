import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveSeed } from '../../../shared/random/generator.ts';
import { noiseVector } from '../testing/plainModel.ts';
import { syncPolicy } from '../testing/policies.ts';
import { World } from '../testing/world.ts';
import type { AggregationName } from './rules.ts';
import { joined, RULE_SETTINGS, whole, type Update } from './testing/joined.ts';

const LENGTH = 40;
const NAMES = [
  'median',
  'trimmedMean',
  'geometricMedian',
  'centeredClip',
] as const satisfies AggregationName[];

/** Updates of which no two are as far from the others: of those the rounding of a mean would decide which is nearest. */
const unlike = fc.record({ seed: fc.nat(), count: fc.integer({ min: 6, max: 12 }) }).map(({ seed, count }) =>
  Array.from({ length: count }, (_, index) => ({
    values: noiseVector(deriveSeed(seed, index), LENGTH),
    samples: 8,
  })),
);

function meanOf(updates: readonly Update[]): Update {
  const values = Float32Array.from({ length: LENGTH }, (_, index) =>
    updates.reduce((sum, each) => sum + (each.values[index] ?? 0) / updates.length, 0),
  );
  return { values, samples: updates.reduce((sum, { samples }) => sum + samples, 0) };
}

describe('buckets', () => {
  it.each(NAMES)('[AG27] %s of buckets is the rule of their means', (name) => {
    fc.assert(
      fc.property(unlike, (updates) => {
        const even = updates.slice(0, 2 * Math.floor(updates.length / 2));
        const means = even.flatMap((_, index) =>
          index % 2 === 0 ? [meanOf(even.slice(index, index + 2))] : [],
        );
        const bucketed = joined(name, even, whole(LENGTH), { ...RULE_SETTINGS, bucket: 2 });
        const expected = joined(name, means, whole(LENGTH));
        bucketed.forEach((value, index) => {
          expect(value).toBeCloseTo(expected[index] ?? NaN, 3);
        });
      }),
      { numRuns: 40 },
    );
  });

  /** Leases of a commit of six devices in the order of its record. */
  const orderOf = (bucket: number, shards: number) => {
    const world = new World({
      policy: syncPolicy(),
      aggregation: 'median',
      ruleSettings: { ...RULE_SETTINGS, bucket },
      shards,
    });
    const devices = world.readyDevices(6, { unitMs: null });
    world.coordinator.start();
    world.wire.drain();
    for (const device of devices) device.pushNow(device.lease);
    return world.recorder.membersAt(1).map(({ lease }) => lease);
  };

  it('[AG27] which updates are together is drawn, the same for all shards', () => {
    expect(orderOf(1, 1)).toEqual(orderOf(1, 1).toSorted((left, right) => left - right));
    expect(orderOf(2, 1)).not.toEqual(orderOf(1, 1));
    expect(orderOf(2, 1).toSorted((left, right) => left - right)).toEqual(orderOf(1, 1));
    expect(orderOf(2, 4)).toEqual(orderOf(2, 1));
  });
});
