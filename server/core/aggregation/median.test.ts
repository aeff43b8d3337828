import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined, whole } from './testing/joined.ts';

/** The rule on one coordinate of so many updates, whose samples do not matter. */
const median = (...values: number[]) =>
  joined(
    'median',
    values.map((value, index) => ({ values: Float32Array.of(value), samples: 1 + 100 * index })),
    whole(1),
  )[0];

const honest = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 9 });

describe('median', () => {
  it('[AG19] takes the middle value, of an even number the mean of the two in the middle', () => {
    expect(median(5, 1, 3)).toBe(3);
    expect(median(5, 1, 4, 3)).toBe(3.5);
    expect(median(7)).toBe(7);
    expect(median(7, 8)).toBe(7.5);
  });

  it('[AG20] stays within the honest values while they are more than half', () => {
    const hostile = fc.constantFrom(-1e4, 1e4, 0, 1e-30);
    fc.assert(
      fc.property(honest, fc.array(hostile, { maxLength: 8 }), (good, bad) => {
        fc.pre(bad.length < good.length);
        const value = median(...bad, ...good) ?? NaN;
        expect(value).toBeGreaterThanOrEqual(Math.min(...good));
        expect(value).toBeLessThanOrEqual(Math.max(...good));
      }),
    );
  });
});
