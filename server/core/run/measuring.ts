/**
 * When a run is measured. `beside`: commits go on meanwhile, so which versions are measured depends on how long that
 * takes [EV1]. `between`: at every version that is due, and nothing is committed before its accuracy is known [RN9].
 */
export type Measuring = 'beside' | 'between';

export interface Moment {
  version: number;
  /** The version that was measured last. */
  measured: number;
  /** The rest after that measurement is over. */
  rested: boolean;
}

/** Whether a version is to be measured, where one in so many is. */
export const isDue: Record<Measuring, (moment: Moment, every: number) => boolean> = {
  beside: ({ version, measured, rested }, every) => version - measured >= every && rested,
  between: ({ version }, every) => version % every === 0,
};
