import { auto } from './auto.ts';
import { centeredClip } from './centeredClip.ts';
import { geometricMedian } from './geometricMedian.ts';
import { mean } from './mean.ts';
import { median } from './median.ts';
import { normClip } from './normClip.ts';
import type { AggregationRule, CoordinateRule } from './rule.ts';
import { sum } from './sum.ts';
import { trimmedMean } from './trimmedMean.ts';

/**
 * Every aggregation rule, by the word for `--aggregation`. Choices, help, the table of docs/operations.md, what shards
 * are told and the contract of rules are made from this.
 */
export const RULES = {
  mean,
  sum,
  trimmedMean,
  median,
  normClip,
  centeredClip,
  geometricMedian,
  auto,
} satisfies Record<string, AggregationRule>;

type Rules = typeof RULES;
export type AggregationName = keyof Rules;

/** The rules that shards compute by themselves. */
export type CoordinateName = {
  [Name in AggregationName]: Rules[Name] extends CoordinateRule ? Name : never;
}[AggregationName];

export const AGGREGATION_NAMES = Object.keys(RULES) as AggregationName[];

/** Whether shards compute this rule by themselves. */
export function isCoordinate(name: AggregationName): name is CoordinateName {
  return RULES[name].shape === 'coordinate';
}
