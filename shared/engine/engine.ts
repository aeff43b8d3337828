import type { DataShard } from '../dataset/dataShard.ts';
import type { EngineName } from '../profile/profile.ts';

/** The mean gradient over the samples asked for, flat in layout order, and their mean loss. */
export interface GradientResult {
  gradient: Float32Array;
  loss: number;
}

/** How the local steps of a work unit are taken. */
export interface LocalTraining {
  /** Samples a step. */
  batch: number;
  lr: number;
  /** Of v = momentum v + g; w -= lr v, with v zero when the unit begins. 0 is plain SGD. */
  momentum: number;
}

/** `parameters - parameters after the steps`, flat in layout order, and the mean loss over all steps. */
export interface TrainingResult {
  delta: Float32Array;
  loss: number;
}

/** What a model makes of every sample of a data shard. */
export interface EvaluationResult {
  /** Samples whose largest logit, the first of equals, is that of their label. */
  correct: number;
  /** Mean cross-entropy. */
  loss: number;
}

/**
 * What computes: one model loaded on one backend. Calls are made one at a time; arrays that are passed in are
 * not kept, those that come back are the caller's.
 */
export interface Engine {
  readonly name: EngineName | 'scripted';
  /** The adapter or renderer behind it. */
  readonly detail: string;
  /** Runs on the CPU although its interface is a GPU's. */
  readonly software: boolean;
  /**
   * Holds this data shard, in place of the one before; orders below index its samples. The same one again costs
   * nothing.
   * @throws {DataMisfitError} where its images or labels do not fit the model [EN11]; the one before stays.
   */
  hold(shard: DataShard): Promise<void>;
  /** @param parameters flat, in layout order. @param order indices of the batch's samples. */
  gradient(parameters: Float32Array, order: Uint32Array): Promise<GradientResult>;
  /**
   * Takes one local step for each `local.batch` samples of the order.
   * @throws {RangeError} where the order is not a whole number of batches.
   */
  train(parameters: Float32Array, order: Uint32Array, local: LocalTraining): Promise<TrainingResult>;
  /** Over all samples of the data shard held. */
  evaluate(parameters: Float32Array): Promise<EvaluationResult>;
  dispose(): void;
}
