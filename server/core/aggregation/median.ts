import type { CoordinateRule } from './rule.ts';

const { fround } = Math;

/**
 * The middle value of each coordinate, of an even number the mean of the two in the middle (Yin et al. 2018,
 * "Byzantine-Robust Distributed Learning"). While more than half of the updates are honest, every coordinate stays within
 * the values of the honest ones [AG20].
 */
export const median: CoordinateRule = {
  shape: 'coordinate',
  help: 'takes the middle value of each coordinate, of an even number the mean of the two in the middle',
  source: 'Yin et al. 2018',
  reads: ['bucket'],
  minUpdates: () => 3,
  countsSamples: false,
  withoutAudits:
    'a fifth of hostile devices may cost it two points where the images of all are alike, and where they are not it fails even without any',
  notRepeatable: null,
  combine: (ascending) => {
    const lower = ascending[Math.floor((ascending.length - 1) / 2)] ?? NaN;
    const upper = ascending[Math.floor(ascending.length / 2)] ?? NaN;
    return fround(fround(lower + upper) / 2);
  },
};
