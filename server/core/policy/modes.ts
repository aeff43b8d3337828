/** What the rest of the server has to know of a mode. */
interface ModeTraits {
  /** When an update is committed, as the help says it. */
  help: string;
  /** Workers wait for each other: a plan is for a round, and a commit may wait for a number of updates. */
  hasRounds: boolean;
  /** The setting that says how many updates a commit has; null where each is a commit of its own. */
  sizedBy: 'roundSize' | 'buffer' | null;
  /** Why no run of it is repeatable [RN8]; null where one may be. */
  notRepeatable: string | null;
}

const BY_CHANCE = 'the order of its commits is that in which updates happen to come';

/** How a run turns updates into commits, as `--mode` names it. */
export const MODES = {
  async: {
    help: 'each update as it arrives',
    hasRounds: false,
    sizedBy: null,
    notRepeatable: BY_CHANCE,
  },
  sync: {
    help: 'in rounds of one update per worker',
    hasRounds: true,
    sizedBy: 'roundSize',
    notRepeatable: null,
  },
  buffered: {
    help: 'as soon as some have arrived, from whichever workers',
    hasRounds: false,
    sizedBy: 'buffer',
    notRepeatable: BY_CHANCE,
  },
} as const satisfies Record<string, ModeTraits>;

export type Mode = keyof typeof MODES;
export const MODE_NAMES = Object.keys(MODES) as Mode[];
