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
      'is known of units that are further apart than the window',
      [
        [0, 9],
        [20_000, 40],
        [40_000, 60],
      ],
      50_000,
      3,
    ],
    [
      'of such units is 0 when three times as long passed without one',
      [
        [0, 9],
        [20_000, 40],
      ],
      80_001,
      0,
    ],
    [
      'leaves a pause out',
      [
        [0, 9],
        [1000, 9],
        [60_000, 9],
        [60_500, 32],
      ],
      60_500,
      64,
    ],
    [
      'is not known right after a pause',
      [
        [0, 9],
        [1000, 9],
        [60_000, 9],
      ],
      60_000,
      0,
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
