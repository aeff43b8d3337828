import type { OptimizerName } from '../core/shard/optimizer.ts';
import type { Mode } from '../core/policy/modes.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';

/** How gradients are taken and applied. */
export interface GradientRecipe {
  /** Images a gradient. */
  batch: number;
  /** Learning rate of the server's optimizer. */
  lr: number;
  optimizer: OptimizerName;
}

/** How a worker takes local steps. The server applies the deltas by SGD at rate 1: as they are. */
export interface LocalRecipe {
  /** Steps a unit, at least 2: one step is a gradient. */
  steps: number;
  /** Images a step. */
  batch: number;
  /** Learning rate of the first steps. */
  lr: number;
  /** Momentum of the steps, from 0 to below 1; it starts at zero in each unit. */
  momentum: number;
  /** The rate falls as lr / sqrt(1 + commits / decay); null keeps it. */
  decay: number | null;
  /** The model is an EMA of the weights over a window of about this many commits; null: the newest parameters. */
  average: number | null;
}

/** How a model of the zoo is trained where nobody says otherwise. */
export interface Recipe {
  /** Accuracy on the test images at which a demo ends, 0 to 1. */
  target: number;
  mode: Mode;
  /** Of units that ask for one gradient. */
  gradient: GradientRecipe;
  /** Of units that ask for a delta; null: the model is trained by gradients. */
  local: LocalRecipe | null;
}

/** A model that ships with the project: one file of this folder each. */
export interface ZooEntry {
  spec: ModelSpec;
  recipe: Recipe;
}
