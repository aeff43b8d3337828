import type { WeighingRule } from './rule.ts';

/** Adds updates up as the Ray project did. */
export const sum: WeighingRule = {
  shape: 'weighing',
  needs: 'samples',
  help: 'adds them up',
  source: null,
  reads: [],
  minUpdates: () => 1,
  countsSamples: false,
  withoutAudits:
    'one hostile device with large updates ruins the model, and centeredClip with a momentum of each device holds',
  notRepeatable: null,
  coefficients: (updates) => updates.map(() => 1),
};
