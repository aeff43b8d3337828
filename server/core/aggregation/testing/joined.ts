import { BLOCK, cutKeyRanges, joinSlices, sliceOf, type KeyRange } from '../../../../shared/model/ranges.ts';
import { blockProducts, blockSquares, normOfBlocks, sumOfBlocks } from '../../shard/norms.ts';
import { createAggregation } from '../aggregation.ts';
import { combine } from '../combine.ts';
import type { RuleSettings, UpdateFacts } from '../rule.ts';
import type { AggregationName } from '../rules.ts';

/** As the settings have them where nobody says otherwise. */
export const RULE_SETTINGS: RuleSettings = { trim: 0.2, clipNorm: null, bucket: 1 };

export interface Update {
  values: Float32Array;
  samples: number;
}

/** All of a vector as one key range. */
export const whole = (length: number): KeyRange[] => cutKeyRanges(length, 1);

/** What the shards of these ranges make of the updates by a rule, from the reported norms to the whole vector. */
export function joined(
  name: AggregationName,
  updates: readonly Update[],
  ranges: KeyRange[],
  settings = RULE_SETTINGS,
): Float32Array {
  const { rule, coefficients, needsProducts } = createAggregation(name, settings);
  const weights = coefficients(factsOf(updates, ranges, needsProducts)).map(Math.fround);
  const slices = ranges.map((range) => {
    const members = updates.map(({ values }, index) => ({
      values: sliceOf(values, range),
      weight: weights[index] ?? NaN,
    }));
    return combine(rule, members, range.length);
  });
  return joinSlices(ranges, slices);
}

/** What the coordinator knows of the updates by the reports of the shards of these ranges. */
export function factsOf(updates: readonly Update[], ranges: KeyRange[], hasProducts = true): UpdateFacts[] {
  const slices = updates.map(({ values }) => ranges.map((range) => sliceOf(values, range)));
  return updates.map(({ samples }, index) => {
    const own = slices[index] ?? [];
    return {
      samples,
      norm: normOfBlocks(own.flatMap((slice) => blockSquares(slice))),
      products: (hasProducts ? slices : []).map((others) =>
        sumOfBlocks(own.flatMap((slice, range) => [...productsOf(slice, others[range])])),
      ),
      vouched: true,
    };
  });
}

const productsOf = (slice: Float32Array, values = slice): Float64Array =>
  blockProducts(slice, new Map([[0, { values }]])).sums;

/** Key ranges that end after each of these blocks. */
export function rangesAt(length: number, ends: readonly number[]): KeyRange[] {
  const borders = [0, ...ends.map((block) => block * BLOCK), length];
  return borders.slice(1).map((end, index) => {
    const offset = borders[index] ?? 0;
    return { offset, length: end - offset };
  });
}
