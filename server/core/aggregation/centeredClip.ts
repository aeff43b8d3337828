import { lowerMedian } from '../median.ts';
import { squaredDistances, distancesTo } from './distances.ts';
import { sharesOf } from './mean.ts';
import { MIN_FOR_MEDIAN } from './medianNorm.ts';
import type { UpdateFacts, WeighingRule } from './rule.ts';

/** As many as in the experiments of the paper; the centre moves little after the first. */
const ITERATIONS = 3;

/**
 * Moves a centre by the mean of what the updates differ from it, each difference scaled down to a bound (Karimireddy et al.
 * 2021, "Learning from History for Byzantine Robust Optimization"). There the centre begins as the last aggregate; here as the
 * update that is nearest to the others by its median distance, so that a commit follows from its own updates. Without a bound
 * of the operator's it is that median distance.
 */
export const centeredClip: WeighingRule = {
  shape: 'weighing',
  needs: 'products',
  help: 'moves from the update nearest to the others by the mean of the differences, each scaled down to `--clip-norm`, by default their median',
  source: 'Karimireddy et al. 2021',
  reads: ['clipNorm', 'bucket'],
  minUpdates: () => MIN_FOR_MEDIAN,
  countsSamples: true,
  withoutAudits:
    'with gradients and a momentum of each device a fifth of hostile devices costs it about a point; with local steps on images that are unlike no rule holds',
  notRepeatable: null,
  coefficients: (updates, { clipNorm }) =>
    updates.length < MIN_FOR_MEDIAN ? sharesOf(updates) : clipped(updates, clipNorm),
};

function clipped(updates: readonly UpdateFacts[], clipNorm: number | null): number[] {
  const shares = sharesOf(updates);
  const squares = squaredDistances(updates);
  const { isNearest, distance } = nearestToOthers(squares);
  const bound = clipNorm ?? distance;
  const nearest = isNearest.filter((each) => each).length;
  let weights = isNearest.map((each) => (each ? 1 / nearest : 0));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const moved = distancesTo(weights, squares).map(
      (far, other) => (shares[other] ?? 0) * (far > bound ? bound / far : 1),
    );
    const kept = 1 - moved.reduce((sum, part) => sum + part, 0);
    weights = weights.map((weight, other) => kept * weight + (moved[other] ?? 0));
  }
  return weights;
}

/** The updates of which the median distance to the others is least: of three two are as near to each other. And that distance. */
function nearestToOthers(squares: readonly number[][]): { isNearest: boolean[]; distance: number } {
  const medians = squares.map((row, own) => lowerMedian(row.filter((_, other) => other !== own)) ?? 0);
  const least = Math.min(...medians);
  return { isNearest: medians.map((median) => median === least), distance: Math.sqrt(least) };
}
