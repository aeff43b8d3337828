import { geometricMedian } from './geometricMedian.ts';
import { mean } from './mean.ts';
import type { WeighingRule } from './rule.ts';

/**
 * The mean where the operator vouches for the devices of all members of a commit, else the geometric median: of the rules
 * the one that costs least where nobody is hostile, and that holds against most where somebody is. Trust that a stranger
 * has earned does not suffice: one that was honest for long may send one update that wrecks a mean.
 */
export const auto: WeighingRule = {
  shape: 'weighing',
  needs: 'products',
  help: 'is `mean` for a commit of devices alone that showed the join credential, else `geometricMedian`',
  source: null,
  reads: ['bucket'],
  minUpdates: () => 1,
  countsSamples: true,
  withoutAudits:
    'a fifth of hostile devices may cost it four points where the images of all are alike, and ruins the model where they are not, which centeredClip with a momentum of each device does not',
  notRepeatable: 'which devices a commit is of decides its rule',
  coefficients: (updates, settings) =>
    (updates.every(({ vouched }) => vouched) ? mean : geometricMedian).coefficients(updates, settings),
};
