import { geometricMedian } from './geometricMedian.ts';
import { mean } from './mean.ts';
import type { WeighingRule } from './rule.ts';

/**
 * The mean where all members of a commit are of trusted devices, else the geometric median: of the rules the one that
 * costs least where nobody is hostile, and that holds against most where somebody is.
 */
export const auto: WeighingRule = {
  shape: 'weighing',
  needs: 'products',
  help: 'is `mean` for a commit of trusted devices alone, else `geometricMedian`',
  source: null,
  reads: [],
  minUpdates: () => 1,
  countsSamples: true,
  notRepeatable: 'how far devices are trusted decides the rule of a commit',
  coefficients: (updates, settings) =>
    (updates.every(({ trusted }) => trusted) ? mean : geometricMedian).coefficients(updates, settings),
};
