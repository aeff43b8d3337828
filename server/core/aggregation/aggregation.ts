import { BOUNDED_WEIGHT, capped } from './capped.ts';
import type { ShardRule } from './combine.ts';
import type { RuleSettings, UpdateFacts, WeighingRule } from './rule.ts';
import { isCoordinate, RULES, type AggregationName } from './rules.ts';

/** The aggregation rule of one run, as the coordinator has it. */
export interface Aggregation {
  /** What the shards do. */
  rule: ShardRule;
  /** Whether the inner products of the updates have to be known. */
  needsProducts: boolean;
  /** What each update counts for, float64, in the order of the updates, of which there is one at least. */
  coefficients: (updates: readonly UpdateFacts[]) => number[];
  /** The weights of a commit, float64, with those of bounded members together within their part [TS15]. */
  cap: (weights: readonly number[], isBounded: readonly boolean[]) => number[];
}

/**
 * Binds a rule to the settings of its run.
 * @param boundedWeight the part of a commit that bounded members may weigh; 1 leaves every weight as it is.
 */
export function createAggregation(
  name: AggregationName,
  settings: RuleSettings,
  boundedWeight = BOUNDED_WEIGHT,
): Aggregation {
  if (isCoordinate(name)) {
    return {
      rule: { shape: 'coordinate', name, settings },
      needsProducts: false,
      coefficients: (updates) => updates.map(() => 1),
      // Its values are compared, not added up: another weight would move a value, not count it for less.
      cap: (weights) => [...weights],
    };
  }
  const { needs, coefficients }: WeighingRule = RULES[name];
  return {
    rule: { shape: 'weighing' },
    needsProducts: needs === 'products',
    coefficients: (updates) => coefficients(updates, settings),
    cap: (weights, isBounded) => capped(weights, isBounded, boundedWeight),
  };
}
