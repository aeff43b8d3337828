import type { ModelSpec } from '../spec.ts';

/** How a model of the zoo is trained where nobody says otherwise. */
export interface Recipe {
  /** Images a gradient. */
  batch: number;
  /** Learning rate of the server optimizer. */
  lr: number;
  optimizer: 'sgd' | 'momentum' | 'adam';
  /** Accuracy on the test images at which a demo ends, 0 to 1. */
  target: number;
}

/** A model that ships with the project: one file of this folder each. */
export interface ZooEntry {
  spec: ModelSpec;
  recipe: Recipe;
}
