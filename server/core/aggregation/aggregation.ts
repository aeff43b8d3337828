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
}

/** Binds a rule to the settings of its run. */
export function createAggregation(name: AggregationName, settings: RuleSettings): Aggregation {
  if (isCoordinate(name)) {
    return {
      rule: { shape: 'coordinate', name, settings },
      needsProducts: false,
      coefficients: (updates) => updates.map(() => 1),
    };
  }
  const { needs, coefficients }: WeighingRule = RULES[name];
  return {
    rule: { shape: 'weighing' },
    needsProducts: needs === 'products',
    coefficients: (updates) => coefficients(updates, settings),
  };
}
