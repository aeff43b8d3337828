/** What the settings of a run say to its rule. Every rule is given all of them. */
export interface RuleSettings {
  /** The part of the values that is dropped at each end, above 0 and below 0.5. */
  trim: number;
  /** The norm that no update exceeds; null: the rule finds one automatically. */
  clipNorm: number | null;
  /** Updates whose mean stands for them before the rule sees it; 1: each stands for itself. */
  bucket: number;
}

/** What is known of a complete update without its tensor. */
export interface UpdateFacts {
  /** Whose mean gradient, or whose delta, it is. */
  samples: number;
  /** The L2 norm of all its slices, bit-identical for any number of shards [SL3]. */
  norm: number;
  /**
   * Its inner products with all updates of the commit, in their order, itself among them; bit-identical for any number of
   * shards [SL4]. Empty where the rule needs none.
   */
  products: readonly number[];
  /** Its device is trusted from the beginning, because the operator vouches for it [TS12]. */
  vouched: boolean;
}

/** What a weighing rule may need, by what it says it needs. */
interface Needs {
  samples: Pick<UpdateFacts, 'samples'>;
  norms: Pick<UpdateFacts, 'samples' | 'norm'>;
  /** Inner products: what there is to know of the geometry of the updates. */
  products: UpdateFacts;
}

interface Described {
  /** What it does, to stand behind its name. */
  help: string;
  /** Where it was published; null for what everybody knows. */
  source: string | null;
  /** The settings that it reads. Others than their defaults are refused where no rule reads them. */
  reads: readonly (keyof RuleSettings)[];
  /** Updates that a commit needs for the rule to do what it says; with fewer it does not fail. */
  minUpdates: (settings: RuleSettings) => number;
  /** An update of more samples counts for more, so placement may give out units of different sizes. */
  countsSamples: boolean;
  /** What may be promised where a fifth of the devices are hostile and nothing is audited, as a clause [AG29]. */
  withoutAudits: string;
  /** Why no run of it is repeatable [RN8]; null where one may be. */
  notRepeatable: string | null;
}

interface Weighing<Need extends keyof Needs> extends Described {
  shape: 'weighing';
  needs: Need;
  /** What each update counts for, float64, in the order of the updates, of which there is one at least. */
  coefficients: (updates: readonly Needs[Need][], settings: RuleSettings) => number[];
}

/**
 * A linear combination of updates: the coordinator finds the coefficients without seeing a tensor, and every shard
 * adds up its slices by them.
 */
export type WeighingRule = { [Need in keyof Needs]: Weighing<Need> }[keyof Needs];

/** A function of the values that the updates have at one coordinate: each shard applies it to its slices. */
export interface CoordinateRule extends Described {
  shape: 'coordinate';
  /**
   * One number of the values of all updates, of which there is one at least. They are in ascending order, so the order of
   * the members changes no bit [AG5]. Every operation has to be rounded to float32.
   */
  combine: (ascending: Float32Array, settings: RuleSettings) => number;
}

/** How the updates of a commit become one: what an aggregation rule is, one file of this folder each. */
export type AggregationRule = WeighingRule | CoordinateRule;
