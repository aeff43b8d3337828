import { describe, expect, it } from 'vitest';
import { createAggregation } from './aggregation.ts';
import { factsOf, joined, RULE_SETTINGS, whole, type Update } from './testing/joined.ts';

const LENGTH = 4;
const of = (...values: number[]): Update => ({
  samples: 10,
  values: Float32Array.from({ length: LENGTH }, (_, index) => values[index] ?? 0),
});
const clipped = (updates: Update[], clipNorm: number | null = null) =>
  joined('centeredClip', updates, whole(LENGTH), { ...RULE_SETTINGS, clipNorm });
const weightsOf = (updates: Update[]) =>
  createAggregation('centeredClip', RULE_SETTINGS).coefficients(factsOf(updates, whole(LENGTH)));

describe('centeredClip', () => {
  it('[AG26] moves its centre three times by the mean of the clipped differences', () => {
    // From 0 by steps of a third of 1 and of the distance to the far one, which counts as 1 each time.
    const [value = NaN] = clipped([of(0), of(0), of(0), of(1000)], 1);
    expect(value).toBeCloseTo(0.25 + (-0.75 * 0.25 + 0.25) + (-0.75 * 0.3125 + 0.25), 6);
  });

  it('[AG26] is the mean where nothing is far, and near the honest updates wherever others are', () => {
    expect(clipped([of(1), of(3), of(5)], 100)[0]).toBeCloseTo(3, 5);
    const honest = [of(1, 1), of(1.1, 0.9), of(0.9, 1.1), of(1, 0.9)];
    const [one = NaN, two = NaN] = clipped([...honest, of(-1e4, 1e4)]);
    expect(Math.hypot(one - 1, two - 1)).toBeLessThan(0.3);
  });

  it('[AG26] weights sum to 1, and one or two updates are averaged by samples', () => {
    const sum = (weights: number[]) => weights.reduce((all, weight) => all + weight, 0);
    expect(sum(weightsOf([of(1), of(2), of(50), of(-7)]))).toBeCloseTo(1, 12);
    expect(weightsOf([of(5), of(7)])).toEqual([0.5, 0.5]);
  });
});
