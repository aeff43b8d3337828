import { zoo } from '../../server/zoo/index.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';

/** What is measured of one model. */
export interface ModelJob {
  spec: ModelSpec;
  /** Of local steps, in the training that makes the versions and in the units. */
  lr: number;
  /** Samples of all units of one size and version, for the server's engine: seconds of work. */
  samples: number;
  /** The same for an engine that is a hundred times as slow, over all versions. */
  slowSamples: number;
  /** A unit of more samples takes the server's engine more than about two seconds, and nobody would audit it. */
  largestUnit: number;
}

function jobOf(name: string, job: Omit<ModelJob, 'spec'>): ModelJob {
  const spec = zoo.get(name)?.spec;
  if (spec === undefined) throw new Error(`no model ${name}`);
  return { spec, ...job };
}

export const MODELS: readonly ModelJob[] = [
  jobOf('ray-convnet', { lr: 0.03, samples: 40_000, slowSamples: 1_000, largestUnit: 40_000 }),
  jobOf('lenet', { lr: 0.06, samples: 40_000, slowSamples: 800, largestUnit: 40_000 }),
  jobOf('cnn-32-64', { lr: 0.03, samples: 6_000, slowSamples: 80, largestUnit: 8_000 }),
];

/** Base versions of the units: the first weights, where honest units differ most, and later ones. */
export const VERSIONS = [0, 1, 4, 16, 64] as const;
export const BATCHES = [4, 32] as const;
/** Local steps; 1 is a gradient. */
export const STEPS = [1, 10, 100, 480, 1000] as const;
/** Of one size and version, at least and at most. */
export const UNITS = { least: 2, most: 60 } as const;
/** Of one size and version at most, for an engine that is a hundred times as slow. */
export const SLOW_UNITS = 10;
/** Attackers, which take two to four times as long as an honest unit, do one unit in so many. */
export const ATTACKED_ONE_IN = 4;
/** Of one size and version at most, in a recording: it is to stay small. */
export const RECORDED = 12;
