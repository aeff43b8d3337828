import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAggregation } from './aggregation.ts';
import { factsOf, RULE_SETTINGS, whole, type Update } from './testing/joined.ts';

const LENGTH = 4;

const weightsOf = (updates: Update[]): number[] =>
  createAggregation('geometricMedian', RULE_SETTINGS).coefficients(factsOf(updates, whole(LENGTH)));
const ofSamples = (samples: number, ...values: number[]): Update => ({
  samples,
  values: Float32Array.from({ length: LENGTH }, (_, index) => values[index] ?? 0),
});
const of = (...values: number[]) => ofSamples(10, ...values);

/** The sum of the updates by weights, in double precision. */
const sumOf = (updates: Update[], weights: number[]): number[] =>
  Array.from({ length: LENGTH }, (_, index) =>
    updates.reduce((sum, { values }, member) => sum + (weights[member] ?? NaN) * (values[index] ?? NaN), 0),
  );
const medianOf = (updates: Update[]) => sumOf(updates, weightsOf(updates));
const meanOf = (updates: Update[]) => {
  const total = updates.reduce((sum, { samples }) => sum + samples, 0);
  return sumOf(
    updates,
    updates.map(({ samples }) => samples / total),
  );
};
const distance = (one: ArrayLike<number>, other: ArrayLike<number>) =>
  Math.hypot(...Array.from(one, (value, index) => value - (other[index] ?? NaN)));
/** What the median makes least. */
const distances = (updates: Update[], point: ArrayLike<number>) =>
  updates.reduce((sum, { values, samples }) => sum + samples * distance(values, point), 0);

const vector = (most: number) =>
  fc.float32Array({ minLength: LENGTH, maxLength: LENGTH, noNaN: true, min: -most, max: most });
const some = (most: number, maxLength: number, minLength = 3) =>
  fc.array(fc.record({ values: vector(most), samples: fc.integer({ min: 1, max: 100 }) }), {
    minLength,
    maxLength,
  });

describe('geometricMedian', () => {
  it('[AG21] is the middle of updates on a line, and the point of Fermat of a triangle', () => {
    expect(medianOf([of(0), of(1), of(10)])[0]).toBeCloseTo(1, 3);
    // The point from which the three corners are 120 degrees apart.
    const [x, y] = medianOf([of(0, 0), of(2, 0), of(1, 3)]);
    expect(x).toBeCloseTo(1, 5);
    expect(y).toBeCloseTo(1 / Math.sqrt(3), 5);
  });

  it('[AG21] no other point has a smaller sum of distances', () => {
    fc.assert(
      fc.property(some(10, 9), fc.array(vector(10), { maxLength: 5 }), (updates, others) => {
        const found = distances(updates, medianOf(updates));
        const all = [...others, meanOf(updates), ...updates.map(({ values }) => values)];
        for (const point of all) {
          expect(found).toBeLessThanOrEqual(distances(updates, point) * (1 + 1e-3) + 1e-6);
        }
      }),
    );
  });

  it('[AG21] an update of twice the samples counts as two that are equal', () => {
    const [once = NaN, twice = NaN] = weightsOf([of(1, 1), of(3), ofSamples(20, 0, 4)]).slice(1);
    const [, , one = NaN, other = NaN] = weightsOf([of(1, 1), of(3), of(0, 4), of(0, 4)]);
    expect(one + other).toBeCloseTo(twice, 9);
    expect(once).toBeGreaterThan(0);
  });

  it('[AG21] weights sum to 1, are the same at any scale, and go with their updates where these change places', () => {
    const scaled = (updates: Update[], factor: number) =>
      updates.map(({ values, samples }) => ({ samples, values: values.map((value) => factor * value) }));
    fc.assert(
      fc.property(some(10, 9), fc.integer({ min: -20, max: 20 }), (updates, power) => {
        const weights = weightsOf(updates);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
        const { values } = updates[0] ?? of();
        fc.pre(values.every((value) => value === 0 || Math.abs(value) > 1e-20));
        const turned = weightsOf(updates.toReversed()).toReversed();
        expect(distance(sumOf(updates, turned), sumOf(updates, weights))).toBeLessThan(1e-3);
        const other = weightsOf(scaled(updates, 2 ** power));
        for (const [index, weight] of weights.entries()) expect(other[index]).toBeCloseTo(weight, 6);
      }),
    );
  });

  it('[AG22] stays near the honest updates while more than half of the samples are theirs', () => {
    const far = fc.record({
      values: fc.oneof(vector(1e4), vector(1), fc.constant(new Float32Array(LENGTH).fill(5e3))),
      samples: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(some(1, 8, 2), fc.array(far, { maxLength: 7, minLength: 1 }), (honest, hostile) => {
        const samplesOf = (updates: Update[]) => updates.reduce((sum, { samples }) => sum + samples, 0);
        const part = samplesOf(hostile) / samplesOf([...honest, ...hostile]);
        fc.pre(part < 0.48 && honest.length + hostile.length > 2);
        const centre = meanOf(honest);
        const farthest = Math.max(...honest.map(({ values }) => distance(values, centre)));
        const moved = distance(medianOf([...hostile, ...honest]), centre);
        expect(moved).toBeLessThanOrEqual(((2 - 2 * part) / (1 - 2 * part)) * farthest + 1e-2);
      }),
    );
  });

  it('[AG22] twelve updates of twenty-five that agree on a far vector hardly move it', () => {
    const honest = Array.from({ length: 13 }, (_, index) => of(1 + 0.01 * index, 0.02 * (index % 3)));
    const hostile = Array.from({ length: 12 }, () => of(-1e4));
    expect(distance(medianOf([...hostile, ...honest]), meanOf(honest))).toBeLessThan(2);
  });

  it('[AG23] weighs one or two updates by their samples', () => {
    expect(weightsOf([of(5)])).toEqual([1]);
    expect(weightsOf([ofSamples(10, 5), ofSamples(30, -8)])).toEqual([0.25, 0.75]);
  });

  it('weighs updates that are all 0, or all but one, and gives no NaN', () => {
    for (const weight of weightsOf([of(), of(), of()])) expect(weight).toBeCloseTo(1 / 3, 12);
    expect(medianOf([of(), of(), of(9)])[0]).toBeCloseTo(0, 6);
  });
});
