export interface Moment {
  version: number;
  /** The version that was measured last. */
  measured: number;
  /** The rest after that measurement is over. */
  rested: boolean;
}

interface MeasuringTraits {
  /** Whether a version is to be measured, where one in a number is. */
  isDue: (moment: Moment, every: number) => boolean;
  /** Commits go on while a version is measured, so one that ends the run is measured again with commits held. */
  goesOn: boolean;
}

/** When a run is measured. */
export const MEASURING = {
  /** Commits go on meanwhile, so which versions are measured depends on how long that takes [EV1]. */
  beside: {
    isDue: ({ version, measured, rested }, every) => version - measured >= every && rested,
    goesOn: true,
  },
  /** At every version that is due, and nothing is committed before its accuracy is known [RN9]. */
  between: {
    isDue: ({ version }, every) => version % every === 0,
    goesOn: false,
  },
} as const satisfies Record<string, MeasuringTraits>;
export type Measuring = keyof typeof MEASURING;
