import type { EngineName } from '../profile/profile.ts';

/** Images as the network sees them (normalised, NHWC) and their labels. */
export interface Batch {
  samples: number;
  images: Float32Array;
  labels: Uint8Array;
}

/** The mean gradient over a batch, flat in layout order, and the mean loss. */
export interface GradientResult {
  gradient: Float32Array;
  loss: number;
}

/** What computes: one model loaded on one backend. */
export interface Engine {
  readonly name: EngineName | 'scripted';
  /** The adapter or renderer behind it. */
  readonly detail: string;
  /** Runs on the CPU although its interface is a GPU's. */
  readonly software: boolean;
  /** @param parameters flat, in layout order; not kept. */
  gradient(parameters: Float32Array, batch: Batch): Promise<GradientResult>;
  dispose(): void;
}
