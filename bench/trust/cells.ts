import type { Mode } from '../../server/core/policy/modes.ts';
import { ATTACK_NAMES, type AttackName } from './attacks.ts';
import { type CellSpec, type DefencesName } from './cell.ts';

/** A fifth to a third of the devices, by how many there are. */
export const SIZES = {
  3: { devices: 3, hostile: 1, samples: 100_000 },
  10: { devices: 10, hostile: 2, samples: 150_000 },
  // A round of 25 devices is of more samples than one of few, so there are fewer commits.
  25: { devices: 25, hostile: 5, samples: 400_000 },
} as const;
export type Size = keyof typeof SIZES;

/** How an open server may run. */
export const CELL_MODES = ['sync', 'buffered'] as const satisfies Mode[];
export type CellMode = (typeof CELL_MODES)[number];

/** No attack: what the others are compared with. */
export const HONEST = 'honest';
export const ROWS = [HONEST, ...ATTACK_NAMES] as const;
export type Row = (typeof ROWS)[number];

export interface Chosen {
  attacks: readonly Row[];
  sizes: readonly Size[];
  modes: readonly CellMode[];
  defences: readonly DefencesName[];
  rule: string | null;
  seed: number;
  /** In place of what the size has. */
  samples: number | null;
}

/** Every combination of what was chosen. */
export function cellsOf(chosen: Chosen): CellSpec[] {
  const { attacks, sizes, modes, defences } = chosen;
  return sizes.flatMap((size) =>
    modes.flatMap((mode) =>
      attacks.flatMap((row) => defences.map((name) => cellOf(chosen, row, size, mode, name))),
    ),
  );
}

/** Six that take a minute or two and say whether the defences are there. */
export function quickCells(chosen: Pick<Chosen, 'rule' | 'seed' | 'samples'>): CellSpec[] {
  const cells: [Row, Size, CellMode, DefencesName][] = [
    [HONEST, 3, 'sync', 'all'],
    ['flip10', 3, 'sync', 'none'],
    ['flip10', 3, 'sync', 'all'],
    ['labelFlip', 10, 'sync', 'all'],
    ['alie', 10, 'buffered', 'all'],
    ['hugeLate', 3, 'buffered', 'all'],
  ];
  return cells.map(([row, size, mode, defences]) => cellOf(chosen, row, size, mode, defences));
}

function cellOf(
  { rule, seed, samples }: Pick<Chosen, 'rule' | 'seed' | 'samples'>,
  row: Row,
  size: Size,
  mode: CellMode,
  defences: DefencesName,
): CellSpec {
  const { devices, hostile, samples: usual } = SIZES[size];
  const attack: AttackName | null = row === HONEST ? null : row;
  const common = { settings: [], data: 'server' } as const;
  return { attack, devices, hostile, mode, defences, rule, seed, ...common, samples: samples ?? usual };
}

/** Those that are compared: the rule alone is for `npm run bench:rules`. */
export const ALL_DEFENCES = ['none', 'all'] as const satisfies DefencesName[];
