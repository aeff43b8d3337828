import { byBuckets } from './buckets.ts';
import { BOUNDED_WEIGHT, capped } from './capped.ts';
import type { ShardRule } from './combine.ts';
import type { RuleSettings, UpdateFacts, WeighingRule } from './rule.ts';
import { isCoordinate, RULES, type AggregationName } from './rules.ts';
import { samplesByVoice, type VoicedUpdate } from './voices.ts';

/** The aggregation rule of one run, as the coordinator has it. */
export interface Aggregation {
  /** What the shards do. */
  rule: ShardRule;
  /** Whether the inner products of the updates have to be known. */
  needsProducts: boolean;
  /** Updates in a row whose mean stands for them: who they are is drawn before, where they are more than one [AG27]. */
  bucket: number;
  /** The samples that each update counts as, in the order of the updates [TS19]. */
  samples: (updates: readonly VoicedUpdate[]) => number[];
  /** What each update counts for, float64, in the order of the updates, of which there is one at least. */
  coefficients: (updates: readonly UpdateFacts[]) => number[];
  /** The weights of a commit, float64, with those of bounded members together within their part [TS15]. */
  cap: (weights: readonly number[], isBounded: readonly boolean[]) => number[];
}

/** What an aggregation does about devices that are not trusted. */
export interface BoundedVoices {
  /** The part of a commit that they may weigh together; 1 leaves every weight as it is. */
  weight: number;
  /** All updates of one of them in a commit count as one. */
  isOneEach: boolean;
}

const BOUNDED: BoundedVoices = { weight: BOUNDED_WEIGHT, isOneEach: true };
/** Every update counts by its samples, of any device [TS18]. */
export const ALL_EQUAL: BoundedVoices = { weight: 1, isOneEach: false };

/** Binds a rule to the settings of its run. */
export function createAggregation(
  name: AggregationName,
  settings: RuleSettings,
  bounded = BOUNDED,
): Aggregation {
  const samples: Aggregation['samples'] = bounded.isOneEach
    ? samplesByVoice
    : (updates) => updates.map((update) => update.samples);
  if (isCoordinate(name)) {
    return {
      rule: { shape: 'coordinate', name, settings },
      needsProducts: false,
      bucket: settings.bucket,
      samples,
      coefficients: (updates) => updates.map(() => 1),
      // Its values are compared, not added up: another weight would move a value, not count it for less.
      cap: (weights) => [...weights],
    };
  }
  const { needs, coefficients }: WeighingRule = RULES[name];
  return {
    rule: { shape: 'weighing' },
    needsProducts: needs === 'products',
    samples,
    bucket: settings.bucket,
    coefficients: (updates) =>
      settings.bucket === 1
        ? coefficients(updates, settings)
        : byBuckets(updates, settings.bucket, (facts) => coefficients(facts, settings)),
    cap: (weights, isBounded) => capped(weights, isBounded, bounded.weight),
  };
}
