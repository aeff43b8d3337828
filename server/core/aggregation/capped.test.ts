import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_EQUAL, createAggregation } from './aggregation.ts';
import { BOUNDED_WEIGHT, capped } from './capped.ts';
import { RULE_SETTINGS } from './testing/joined.ts';

const member = fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.boolean());
const commit = fc.array(member, { minLength: 1, maxLength: 40 });
const sum = (weights: readonly number[]) => weights.reduce((total, weight) => total + weight, 0);
const split = (members: readonly (readonly [number, boolean])[]) => ({
  weights: members.map(([weight]) => weight),
  isBounded: members.map(([, bounded]) => bounded),
});
const partOf = (weights: readonly number[], isBounded: readonly boolean[]) =>
  sum(weights.filter((_, index) => isBounded[index] === true));

describe('the weight of bounded members', () => {
  it('[TS15] is at most a quarter of the whole, which stays as it was, while others weigh anything', () => {
    fc.assert(
      fc.property(commit, (members) => {
        const { weights, isBounded } = split(members);
        const made = capped(weights, isBounded);
        const total = sum(weights);
        expect(Math.abs(sum(made) - total)).toBeLessThanOrEqual(1e-9 * total);
        expect(made.every((weight) => Number.isFinite(weight) && weight >= 0)).toBe(true);
        const others = partOf(
          weights,
          isBounded.map((bounded) => !bounded),
        );
        if (others === 0) expect(made).toEqual(weights);
        else expect(partOf(made, isBounded)).toBeLessThanOrEqual(BOUNDED_WEIGHT * total * (1 + 1e-9));
      }),
    );
  });

  it('[TS15] changes no bit where it was no more than that, and the order of weights never', () => {
    fc.assert(
      fc.property(commit, (members) => {
        const { weights, isBounded } = split(members);
        const made = capped(weights, isBounded);
        if (partOf(weights, isBounded) <= BOUNDED_WEIGHT * sum(weights)) expect(made).toEqual(weights);
        for (const [i, weight] of weights.entries()) {
          for (const [j, other] of weights.entries()) {
            if (isBounded[i] !== isBounded[j] || weight < other) continue;
            expect(made[i]).toBeGreaterThanOrEqual(made[j] ?? NaN);
          }
        }
      }),
    );
  });

  it('[TS15] of many identities is no more than that of one', () => {
    const many = Array.from({ length: 99 }, () => 1);
    const made = capped([1, ...many], [false, ...many.map(() => true)]);
    expect(made[0]).toBeCloseTo(75, 9);
    expect(made[1]).toBeCloseTo(25 / 99, 9);
  });

  it('[TS18] is as the rule has it where the bound is the whole', () => {
    const { cap } = createAggregation('mean', RULE_SETTINGS, ALL_EQUAL);
    expect(cap([0.1, 0.9], [false, true])).toEqual([0.1, 0.9]);
  });

  it('[TS15] stays finite where the others weigh next to nothing', () => {
    expect(capped([5e-324, 1], [false, true])).toEqual([0.75, 0.25]);
  });
});
