import { sharesOf } from './mean.ts';
import type { WeighingRule } from './rule.ts';

/** Of two norms neither is the usual one. */
const MIN_FOR_MEDIAN = 3;

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
  coefficients: (updates, { clipNorm }) => {
    const bound = clipNorm ?? usualNorm(updates.map(({ norm }) => norm));
    const shares = sharesOf(updates);
    return updates.map(({ norm }, index) => (shares[index] ?? 0) * (norm > bound ? bound / norm : 1));
  },
};

/** The median, of an even number the lower one: it may be that of a hostile update only if more than half are. */
function usualNorm(norms: number[]): number {
  if (norms.length < MIN_FOR_MEDIAN) return Infinity;
  const ascending = norms.toSorted((left, right) => left - right);
  return ascending[Math.floor((norms.length - 1) / 2)] ?? Infinity;
}
