import { lowerMedian } from '../median.ts';

/** Of two norms neither is the usual one. */
export const MIN_FOR_MEDIAN = 3;

/** The lower median of the norms of a commit: it may be that of a hostile update only if more than half are. */
export function medianNorm(updates: readonly { norm: number }[]): number {
  return lowerMedian(updates.map(({ norm }) => norm)) ?? NaN;
}
