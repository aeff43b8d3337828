import { sharesOf } from './mean.ts';
import { medianNorm, MIN_FOR_MEDIAN } from './medianNorm.ts';
import type { WeighingRule } from './rule.ts';

/**
 * Scales an update whose norm exceeds a bound down to it, then averages by samples (Sun et al. 2019, "Can You Really
 * Backdoor Federated Learning?"). Without a bound of the operator's it is the median norm of the commit's own updates.
 */
export const normClip: WeighingRule = {
  shape: 'weighing',
  needs: 'norms',
  help: 'scales down each update whose norm exceeds `--clip-norm`, by default the median norm of the commit, then averages by samples',
  source: 'Sun et al. 2019',
  reads: ['clipNorm'],
  minUpdates: ({ clipNorm }) => (clipNorm === null ? MIN_FOR_MEDIAN : 1),
  countsSamples: true,
  withoutAudits:
    'hidden attacks of a fifth of the devices cost it two points, or sixteen with local steps on images that are unlike',
  notRepeatable: null,
  coefficients: (updates, { clipNorm }) => {
    const bound = clipNorm ?? (updates.length < MIN_FOR_MEDIAN ? Infinity : medianNorm(updates));
    const shares = sharesOf(updates);
    return updates.map(({ norm }, index) => (shares[index] ?? 0) * (norm > bound ? bound / norm : 1));
  },
};
