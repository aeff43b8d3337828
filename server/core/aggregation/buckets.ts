import { sharesOf } from './mean.ts';
import type { UpdateFacts } from './rule.ts';

/** Updates in a row that stand for one, by their mean. */
interface Bucket {
  /** What each weighs in it; they sum to 1. */
  weights: number[];
  facts: UpdateFacts;
}

/**
 * What each update counts for where the means of each `size` in a row stand for them.
 * @param coefficients what the rule says each of these counts for.
 */
export function byBuckets(
  updates: readonly UpdateFacts[],
  size: number,
  coefficients: (facts: UpdateFacts[]) => number[],
): number[] {
  const buckets = bucketsOf(updates, size);
  const counts = coefficients(buckets.map(({ facts }) => facts));
  return buckets.flatMap(({ weights }, bucket) => weights.map((weight) => (counts[bucket] ?? 0) * weight));
}

/**
 * Averages each `size` updates in a row, by samples (Karimireddy et al. 2022, "Byzantine-Robust Learning on Heterogeneous Datasets
 * via Bucketing"): the means are more alike than the updates, so that a rule takes fewer honest ones for hostile [AG27].
 * Who is in a bucket with whom has to be drawn before.
 */
function bucketsOf(updates: readonly UpdateFacts[], size: number): Bucket[] {
  const groups = Array.from({ length: Math.ceil(updates.length / size) }, (_, bucket) => {
    const first = bucket * size;
    const own = updates.slice(first, first + size);
    return { first, own, weights: sharesOf(own) };
  });
  const product = (one: (typeof groups)[number], other: (typeof groups)[number]) =>
    weightedSum(one.weights, (row) =>
      weightedSum(other.weights, (column) => updates[one.first + row]?.products[other.first + column] ?? 0),
    );
  return groups.map((group) => ({
    weights: group.weights,
    facts: {
      samples: group.own.reduce((all, { samples }) => all + samples, 0),
      norm: Math.sqrt(Math.max(0, product(group, group))),
      products: groups.map((other) => product(group, other)),
      vouched: group.own.every(({ vouched }) => vouched),
    },
  }));
}

const weightedSum = (weights: readonly number[], valueAt: (index: number) => number): number =>
  weights.reduce((sum, weight, index) => sum + weight * valueAt(index), 0);
