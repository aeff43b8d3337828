import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float16 } from './float16.ts';

/** The number that a half is, by the definition of IEEE 754: in doubles, which hold each of them exactly. */
function valueOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The nearest half of a magnitude, by search; infinity stands for the number that would follow 65,504. */
function nearestOf(magnitude: number): number {
  const at = (half: number) => (half === 0x7c00 ? 65_536 : valueOf(half));
  let below = 0;
  for (let step = 0x4000; step > 0; step >>= 1) {
    if (below + step <= 0x7c00 && at(below + step) <= magnitude) below += step;
  }
  if (below === 0x7c00) return below;
  // Both distances are exact: all three numbers are multiples of the smallest float32 within a double's digits.
  const down = magnitude - at(below);
  const up = at(below + 1) - magnitude;
  if (down === up) return below + (below & 1);
  return down < up ? below : below + 1;
}

const halfOf = (value: number) => {
  const [low = 0, high = 0] = float16.encode(Float32Array.of(value));
  return low | (high << 8);
};
const expectedHalf = (value: number) =>
  (value < 0 || Object.is(value, -0) ? 0x8000 : 0) | nearestOf(Math.abs(value));

const bytesOf = (half: number) => Uint8Array.of(half & 0xff, half >> 8);
const ALL_HALVES = Array.from({ length: 65_536 }, (_, half) => half);

describe('float16', () => {
  it('[CD5] reads each of the 65,536 halves as the number that it is', () => {
    const bytes = Uint8Array.from(ALL_HALVES.flatMap((half) => [...bytesOf(half)]));
    const values = float16.decode(bytes, ALL_HALVES.length) ?? [];
    expect(ALL_HALVES.filter((half) => !Object.is(values[half], valueOf(half)))).toEqual([]);
  });

  it('[CD5] writes each half that is a number as itself, and each that is none as a NaN', () => {
    const wrong = ALL_HALVES.filter((half) => {
      const value = valueOf(half);
      return halfOf(value) !== (Number.isNaN(value) ? 0x7e00 : half);
    });
    expect(wrong).toEqual([]);
  });

  it('[CD5] rounds any float32 to the nearest half, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(halfOf(value)).toBe(expectedHalf(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('[CD5] rounds what is half-way between two neighbours, or next to it, as the standard says', () => {
    const neighbours = new Uint32Array(1);
    const asFloat = new Float32Array(neighbours.buffer);
    const wrong: number[] = [];
    for (let half = 0; half < 0x7c00; half++) {
      const next = half === 0x7bff ? 65_536 : valueOf(half + 1);
      asFloat[0] = (valueOf(half) + next) / 2;
      const [tie = 0] = neighbours;
      for (const bits of [tie - 1, tie, tie + 1]) {
        neighbours[0] = bits;
        const [value = 0] = asFloat;
        if (halfOf(value) !== expectedHalf(value) || halfOf(-value) !== expectedHalf(-value))
          wrong.push(value);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    [65_504, 0x7bff],
    [65_519.996, 0x7bff],
    [65_520, 0x7c00],
    [-65_520, 0xfc00],
    [3e38, 0x7c00],
    [Infinity, 0x7c00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.0001 * 2 ** -25, 0x0001],
    [2 ** -149, 0x0000],
    [-(2 ** -149), 0x8000],
  ])('[CD5] writes %f as %i', (value, half) => {
    expect(halfOf(value)).toBe(half);
  });

  it('[CD5] is wrong by at most half a unit of the eleventh digit where a half is normal', () => {
    fc.assert(
      fc.property(fc.float({ min: 2 ** -14, max: 65_504, noNaN: true }), (value) => {
        const [back = NaN] = float16.decode(float16.encode(Float32Array.of(value)), 1) ?? [];
        expect(Math.abs(back - value) / value).toBeLessThanOrEqual(2 ** -11);
      }),
    );
  });
});
