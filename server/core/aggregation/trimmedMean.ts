import type { CoordinateRule } from './rule.ts';

const { fround } = Math;

/**
 * Drops the largest and the smallest values of each coordinate and averages the rest (Yin et al. 2018, "Byzantine-Robust
 * Distributed Learning"). As long as no more updates are hostile than are dropped at one end, every coordinate stays
 * within the values of the honest ones [AG7].
 */
export const trimmedMean: CoordinateRule = {
  shape: 'coordinate',
  help: 'at each coordinate, drops the fraction `--trim` of the values at each end and averages the rest',
  source: 'Yin et al. 2018',
  reads: ['trim', 'bucket'],
  minUpdates: () => 3,
  countsSamples: false,
  withoutAudits:
    'a fifth of hostile devices may cost it three points where the images of all are alike, and where they are not it fails even without any',
  notRepeatable: null,
  combine: (ascending, { trim }) => {
    const dropped = droppedOf(ascending.length, trim);
    let sum = 0;
    for (const value of ascending.subarray(dropped, ascending.length - dropped)) sum = fround(sum + value);
    return fround(sum / (ascending.length - 2 * dropped));
  },
};

/** What a product of a fraction and a count may be off by: 0.07 of 100 is a little more than 7 in float64. */
const ROUNDING = 1e-9;

/** Values that are dropped at each end: the part of them, rounded up, but leaving at least one. */
function droppedOf(count: number, trim: number): number {
  return Math.min(Math.ceil(trim * count - ROUNDING), Math.floor((count - 1) / 2));
}
