/** What the rest of the server has to know of a mode. */
interface ModeTraits {
  /** When an update is committed, as the help says it. */
  help: string;
  /** Workers wait for each other: a plan is for a round, and a commit may wait for a number of updates. */
  hasRounds: boolean;
  /** Why no run of it is repeatable [RN8]; null where one may be. */
  notRepeatable: string | null;
}

/** How a run turns updates into commits, as `--mode` names it. */
export const MODES = {
  async: {
    help: 'each update as it arrives',
    hasRounds: false,
    notRepeatable: 'the order of its commits is that in which updates happen to come',
  },
  sync: {
    help: 'in rounds of one update per worker',
    hasRounds: true,
    notRepeatable: null,
  },
} as const satisfies Record<string, ModeTraits>;

export type Mode = keyof typeof MODES;
export const MODE_NAMES = Object.keys(MODES) as Mode[];
