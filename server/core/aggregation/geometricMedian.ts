import { distancesTo, squaredDistances } from './distances.ts';
import { sharesOf } from './mean.ts';
import { medianNorm, MIN_FOR_MEDIAN } from './medianNorm.ts';
import type { UpdateFacts, WeighingRule } from './rule.ts';

/** Distances below this part of the median norm count as this: it keeps an update from taking all of the weight. */
const SMOOTHING = 1e-6;
/** Instead of a median norm of 0. */
const LEAST_DISTANCE = 1e-300;
/** What no weight changes by any more, as a part of itself, when the median is found. */
const TOLERANCE = 1e-6;
/** With 12 of 25 updates hostile and a million times as large it takes 251; on a line it may take any number. */
const MAX_ITERATIONS = 300;

/**
 * The vector whose distances to the updates, weighed by samples, have the least sum: a linear combination of them, which
 * the smoothed Weiszfeld algorithm finds (Pillutla et al. 2022, "Robust Aggregation for Federated Learning"). As long as more
 * than half of the samples are honest, it stays near the honest updates, wherever the others are [AG22].
 */
export const geometricMedian: WeighingRule = {
  shape: 'weighing',
  needs: 'products',
  help: 'takes the vector whose distances to the updates, weighed by samples, have the least sum',
  source: 'Pillutla et al. 2022',
  reads: ['bucket'],
  minUpdates: () => MIN_FOR_MEDIAN,
  countsSamples: true,
  withoutAudits:
    'a fifth of hostile devices may cost it four points where the images of all are alike, and ruins the model where they are not',
  notRepeatable: null,
  coefficients: (updates) => (updates.length < MIN_FOR_MEDIAN ? sharesOf(updates) : weiszfeld(updates)),
};

/** The weights of the geometric median, which sum to 1 but for rounding. Every operation is one that IEEE 754 defines. */
function weiszfeld(updates: readonly UpdateFacts[]): number[] {
  const shares = sharesOf(updates);
  const squares = squaredDistances(updates);
  const least = Math.max(SMOOTHING * medianNorm(updates), LEAST_DISTANCE);
  let weights = shares;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const distances = distancesTo(weights, squares);
    const next = normalised(shares.map((share, index) => share / Math.max(distances[index] ?? 0, least)));
    const isFound = next.every((weight, index) => {
      const before = weights[index] ?? 0;
      return Math.abs(weight - before) <= TOLERANCE * before;
    });
    weights = next;
    if (isFound) break;
  }
  return weights;
}

function normalised(weights: number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
