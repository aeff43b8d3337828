import type { Averaging, SideName } from './sides.ts';

/** One training to the target. */
export interface Job {
  side: SideName;
  averaging: Averaging;
  seed: number;
  /** Of the version that is kept, 0 to 1. */
  testAccuracy: number;
  samples: number;
  /** From the start of the process to its line of result. */
  commandSeconds: number;
  /** Of that, from the first work handed out to the measurement of the version that is kept. */
  trainSeconds: number;
}
