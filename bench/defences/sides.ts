/** Shown by the devices that the operator vouches for. */
export const CREDENTIAL = 'bench';

/** How a server is started, and what its devices show. */
export interface Side {
  flags: readonly string[];
  join: string;
}

/** The server as everyone may join it, with its defaults; and without anything against hostile devices. */
export const SIDES = {
  with: { flags: [], join: '' },
  without: {
    flags: ['--aggregation', 'mean', '--audit-cpu', '0', '--guard-jump', 'none'],
    join: CREDENTIAL,
  },
} as const satisfies Record<string, Side>;
export type SideName = keyof typeof SIDES;
export const SIDE_NAMES = Object.keys(SIDES) as SideName[];

/** The sides of one pair: each begins every other pair, so that neither has the quieter half of the machine's time. */
export function orderOfPair(pair: number): SideName[] {
  return pair % 2 === 0 ? SIDE_NAMES : SIDE_NAMES.toReversed();
}
