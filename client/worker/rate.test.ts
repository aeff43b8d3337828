import { describe, expect, it } from 'vitest';
import { Rate } from './rate.ts';

function rateAt(units: [at: number, samples: number][], now: number): number {
  let clock = 0;
  const rate = new Rate(5000, () => clock);
  for (const [at, samples] of units) {
    clock = at;
    rate.add(samples);
  }
  clock = now;
  return rate.perSecond();
}

describe('the rate', () => {
  it.each<[string, [number, number][], number, number]>([
    ['of nothing is 0', [], 0, 0],
    ['of one unit is 0: its time is not known', [[100, 32]], 200, 0],
    [
      'of two units at one moment is 0',
      [
        [100, 32],
        [100, 32],
      ],
      200,
      0,
    ],
    [
      'counts from the end of the first unit',
      [
        [0, 1000],
        [500, 32],
        [1000, 32],
      ],
      1000,
      64,
    ],
    [
      'forgets what is older than its window',
      [
        [0, 9],
        [1000, 9],
        [6000, 10],
        [7000, 10],
      ],
      7000,
      10,
    ],
    [
      'is 0 again when nothing came for a while',
      [
        [0, 9],
        [1000, 9],
      ],
      9000,
      0,
    ],
  ])('%s', (_name, units, now, expected) => {
    expect(rateAt(units, now)).toBe(expected);
  });
});
