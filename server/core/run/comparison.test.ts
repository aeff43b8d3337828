import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, distanceOf } from './comparison.ts';

const vector = (...values: number[]) => Float32Array.from(values);
const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 3 });

describe('the distance of an update', () => {
  it('[AT5] is the norm of the difference over that of the server’s update, and the cosine', () => {
    expect(distanceOf(vector(3, 4), vector(3, 4))).toEqual({ relative: 0, cosine: 1 });
    expect(distanceOf(vector(-3, -4), vector(3, 4))).toEqual({ relative: 2, cosine: -1 });
    expect(distanceOf(vector(4, -3), vector(3, 4))).toEqual({ relative: Math.SQRT2, cosine: 0 });
    expect(distanceOf(vector(6, 8), vector(3, 4))).toEqual({ relative: 1, cosine: 1 });
  });

  it('[AT5] says of zeros alone what can be said', () => {
    const zeros = vector(0, 0);
    expect(distanceOf(zeros, zeros)).toEqual({ relative: NaN, cosine: 0 });
    expect(distanceOf(zeros, vector(3, 4))).toEqual({ relative: 1, cosine: 0 });
    expect(distanceOf(vector(3, 4), zeros)).toEqual({ relative: NaN, cosine: 0 });
  });

  it('[AT5] does not depend on the size of both', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.constantFrom(2 ** -20, 2 ** 20), (left, right, scale) => {
        const scaled = (values: number[]) => Float32Array.from(values, (value) => scale * value);
        expect(distanceOf(scaled(left), scaled(right))).toEqual(
          distanceOf(vector(...left), vector(...right)),
        );
      }),
    );
  });

  it('[AT5] is no number where the update is shorter than it should be', () => {
    expect(distanceOf(vector(3), vector(3, 4)).relative).toBeNaN();
  });
});

describe('an update beside all that the server computed', () => {
  const base = vector(1e3, 1e3);

  it('[AT5] is as far as from the nearest, beside how far those are from each other', () => {
    const update = vector(3, 4);
    expect(compare(update, [vector(3, 4)], base)).toMatchObject({ relative: 0, cosine: 1, spread: 0 });
    expect(compare(update, [vector(3, 0), vector(3, 3.6)], base).relative).toBeLessThan(0.1);
    expect(compare(update, [vector(3, 0), vector(3, 3.6)], base).spread).toBeCloseTo(1.2, 6);
    expect(compare(update, [vector(0, 0), vector(3, 4)], base)).toMatchObject({ relative: 0, cosine: 1 });
  });

  it('[AT5] is known to be off by no more than the rounding of the weights', () => {
    const off = (by: number) => compare(vector(3 + by, 4), [vector(300, 4), vector(3, 4)], base).isRounding;
    expect([off(0), off(0.001), off(0.0014), off(0.0015), off(0.1)]).toEqual([
      ...[true, true, false, false, false],
    ]);
  });
});
