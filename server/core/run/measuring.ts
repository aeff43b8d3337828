import type { LiveSettings } from '../liveSettings.ts';

export interface Moment {
  /** Update records so far. */
  updates: number;
  /** How many there were at the last measurement. */
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
    isDue: ({ updates, measured, rested }, every) => updates - measured >= every && rested,
    goesOn: true,
  },
  /** After every number of commits that is due, and nothing is committed before its accuracy is known [RN9]. */
  between: {
    isDue: ({ updates }, every) => updates % every === 0,
    goesOn: false,
  },
} as const satisfies Record<string, MeasuringTraits>;
export type Measuring = keyof typeof MEASURING;

/** How a run is measured with these settings: a target may end it, and one that is repeatable ends it at one version. */
export const measuringOf = (repeatable: boolean, { target }: Pick<LiveSettings, 'target'>): Measuring =>
  repeatable && target !== null ? 'between' : 'beside';
