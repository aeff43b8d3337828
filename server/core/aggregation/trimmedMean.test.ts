import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined, RULE_SETTINGS, whole } from './testing/joined.ts';

const { fround } = Math;

/** The rule on one coordinate of so many updates, whose samples do not matter. */
const trimmed = (values: number[], trim = 0.2) =>
  joined(
    'trimmedMean',
    values.map((value, index) => ({ values: Float32Array.of(value), samples: 1 + 100 * index })),
    whole(1),
    { ...RULE_SETTINGS, trim },
  )[0];

const honest = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 3, maxLength: 12 });

describe('trimmedMean', () => {
  it('[AG6] drops the part of the values, rounded up, at each end and averages the rest', () => {
    expect(trimmed([5, 1, 3, 2, 400])).toBe(fround(10 / 3));
    expect(trimmed([5, 1, 3, 2, 400], 0.4)).toBe(3);
    expect(trimmed([5, 1, 3, 2, 400], 0.01)).toBe(fround(10 / 3));
    expect(trimmed([6, 5, 4, 3, 2, 1], 0.2)).toBe(3.5);
    expect(trimmed([1, 2, 6], 0.2)).toBe(2);
    // 0.07 of 100 is above 7 in float64.
    const ramp = Array.from({ length: 100 }, (_, index) => (index < 8 ? -1000 : index));
    expect(trimmed(ramp, 0.07)).toBeLessThan(40);
  });

  it('[AG14] [AG11] leaves one value, or two, whatever the part', () => {
    expect(trimmed([7], 0.49)).toBe(7);
    expect(trimmed([7, 8], 0.49)).toBe(7.5);
    expect(trimmed([7, 8, 90], 0.49)).toBe(8);
    expect(trimmed([7, 8, 9, 100], 0.49)).toBe(8.5);
  });

  it('[AG7] stays within the honest values while no more are hostile than it drops at one end', () => {
    const hostile = fc.constantFrom(-1e4, 1e4, 0, 1e-30);
    fc.assert(
      fc.property(honest, fc.array(hostile, { maxLength: 6 }), (good, bad) => {
        const count = good.length + bad.length;
        const dropped = Math.min(Math.ceil(0.2 * count), Math.floor((count - 1) / 2));
        fc.pre(bad.length <= dropped);
        const value = trimmed([...bad, ...good]) ?? NaN;
        // An average of float32 numbers may lie a rounding beyond the largest of them.
        const slack = 1e-4;
        expect(value).toBeGreaterThanOrEqual(Math.min(...good) - slack);
        expect(value).toBeLessThanOrEqual(Math.max(...good) + slack);
      }),
    );
  });
});
