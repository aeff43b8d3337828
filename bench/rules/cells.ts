import type { AttackName } from '../trust/attacks.ts';
import type { CellSpec } from '../trust/cell.ts';
import type { Partition } from '../trust/images.ts';

const DEVICES = { devices: 25, hostile: 5 } as const;

/** The rules that are compared, and the settings of each. */
export const RULE_ROWS = {
  mean: ['--aggregation', 'mean'],
  normClip: ['--aggregation', 'normClip'],
  trimmedMean: ['--aggregation', 'trimmedMean'],
  median: ['--aggregation', 'median'],
  geometricMedian: ['--aggregation', 'geometricMedian'],
  'geometricMedian, buckets of 2': ['--aggregation', 'geometricMedian', '--bucket', '2'],
  centeredClip: ['--aggregation', 'centeredClip'],
} as const satisfies Record<string, readonly string[]>;
export type RuleRow = keyof typeof RULE_ROWS;
export const RULE_ROW_NAMES = Object.keys(RULE_ROWS) as RuleRow[];

/** What hostile devices do, where they are: null is that none are. */
export const COLUMNS = ['flip1', 'labelFlip', 'ipmNear', 'alieNear', 'mimic'] as const satisfies AttackName[];

/** What a device computes for an update. */
export const WORK = {
  /** Of `rounds` of one mean gradient each, with a momentum of each device. */
  gradients: {
    settings: [
      ...['--local-steps', '1', '--batch', '16', '--optimizer', 'sgd', '--lr', '0.1', '--momentum', '0'],
      ...['--device-momentum', '0.9'],
    ],
    samples: 800 * 16 * DEVICES.devices,
  },
  /** Of the recipe: 120 steps of four images. */
  'local steps': { settings: [], samples: 25 * 480 * DEVICES.devices },
} as const satisfies Record<string, { settings: readonly string[]; samples: number }>;
export type WorkName = keyof typeof WORK;
export const WORK_NAMES = Object.keys(WORK) as WorkName[];

/** A cell of the table. */
export interface RuleCell {
  rule: RuleRow;
  work: WorkName;
  data: Partition;
  /** Null: nobody is hostile. */
  attack: AttackName | null;
}

/** All devices have units of the same size, and nothing is measured before the end. */
const COMMON = ['--placement', 'uniform', '--evaluate-every', '1000000'] as const;

export function cellOf({ rule, work, data, attack }: RuleCell, seed: number): CellSpec {
  return {
    ...DEVICES,
    attack,
    mode: 'sync',
    defences: 'rule',
    rule: null,
    settings: [...COMMON, ...WORK[work].settings, ...RULE_ROWS[rule]],
    data,
    seed,
    // Honest devices are a fifth fewer where some are hostile, and the rounds as many.
    samples:
      attack === null
        ? WORK[work].samples
        : (WORK[work].samples * (DEVICES.devices - DEVICES.hostile)) / DEVICES.devices,
  };
}
