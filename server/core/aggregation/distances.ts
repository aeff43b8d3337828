import type { UpdateFacts } from './rule.ts';

/* The geometry of a commit, from the inner products of its updates alone. Every operation is one that IEEE 754 defines. */

/** The square of the distance of each update to each. */
export function squaredDistances(updates: readonly Pick<UpdateFacts, 'products'>[]): number[][] {
  const ownOf = (index: number) => updates[index]?.products[index] ?? 0;
  return updates.map(({ products }, one) =>
    products.map((product, other) =>
      one === other ? 0 : Math.max(ownOf(one) + ownOf(other) - 2 * product, 0),
    ),
  );
}

/** The distance of each update to the sum of all by weights that sum to 1. */
export function distancesTo(weights: readonly number[], squares: readonly number[][]): number[] {
  const toEach = squares.map((row) => dot(row, weights));
  const spread = dot(toEach, weights) / 2;
  return toEach.map((square) => Math.sqrt(Math.max(square - spread, 0)));
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
}
