import type { RuleSettings } from './rule.ts';
import { RULES, type CoordinateName } from './rules.ts';

/** What a shard does with the slices of a commit; all weighing rules ask for the same. */
export type ShardRule =
  { shape: 'weighing' } | { shape: 'coordinate'; name: CoordinateName; settings: RuleSettings };

/** One update's part in a commit. */
export interface WeightedSlice {
  values: Float32Array;
  /** A float32 number. */
  weight: number;
}

const { fround } = Math;

/** One slice of the slices of all members, in the order of the record [CM3]. Each has `length` values. */
export function combine(rule: ShardRule, members: readonly WeightedSlice[], length: number): Float32Array {
  switch (rule.shape) {
    case 'weighing':
      return weightedSum(members, length);
    case 'coordinate':
      return byCoordinate(rule, members, length);
  }
}

/** The sum of weight x values over the members, in their order, float32 after every operation [CM3]. */
function weightedSum(members: readonly WeightedSlice[], length: number): Float32Array {
  const sum = new Float32Array(length);
  for (const { values, weight } of members) {
    for (let i = 0; i < length; i++) {
      sum[i] = (sum[i] ?? 0) + fround(weight * (values[i] ?? 0));
    }
  }
  return sum;
}

/** The rule's function of the weight x values of each coordinate, or of the means of buckets of them, in ascending order [AG5]. */
function byCoordinate(
  { name, settings }: Extract<ShardRule, { shape: 'coordinate' }>,
  members: readonly WeightedSlice[],
  length: number,
): Float32Array {
  const rule = RULES[name];
  const { bucket } = settings;
  const combined = new Float32Array(length);
  const column = new Float32Array(Math.ceil(members.length / bucket));
  for (let i = 0; i < length; i++) {
    for (let place = 0; place < column.length; place++)
      column[place] = meanAt(members, place * bucket, bucket, i);
    combined[i] = rule.combine(column.sort(), settings);
  }
  return combined;
}

/** The mean of the weight x values at one coordinate of `size` members from `first` on, or as many as there are. */
function meanAt(members: readonly WeightedSlice[], first: number, size: number, coordinate: number): number {
  const end = Math.min(members.length, first + size);
  let sum = 0;
  for (let index = first; index < end; index++) {
    const member = members[index];
    sum = fround(sum + fround((member?.weight ?? 0) * (member?.values[coordinate] ?? 0)));
  }
  return fround(sum / (end - first));
}
