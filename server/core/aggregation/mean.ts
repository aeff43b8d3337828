import type { WeighingRule } from './rule.ts';

/** An average by samples. */
export const mean: WeighingRule = {
  shape: 'weighing',
  needs: 'samples',
  help: 'averages them by samples',
  source: 'McMahan et al. 2017',
  reads: [],
  minUpdates: () => 1,
  countsSamples: true,
  withoutAudits:
    'one hostile device with large updates ruins the model, and centeredClip with a momentum of each device holds',
  notRepeatable: null,
  coefficients: sharesOf,
};

/** The part that each update has in the samples of all; they sum to 1 but for rounding. */
export function sharesOf(updates: readonly { samples: number }[]): number[] {
  const total = updates.reduce((sum, { samples }) => sum + samples, 0);
  return updates.map(({ samples }) => samples / total);
}
