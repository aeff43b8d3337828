import { loadConfig } from '../../server/config/config.ts';
import type { Mode } from '../../server/core/policy/modes.ts';
import { ATTACKS, type Attack, type AttackName } from './attacks.ts';
import { Crew } from './crew.ts';
import { PARTITIONS, partOf } from './images.ts';
import { TestBed, type Workshop } from './testBed.ts';

/** What a run has against hostile devices. */
export const DEFENCES = {
  /** Everything off, and every device as if the operator vouched for it. */
  none: { argv: ['--guard-jump', 'none', '--audit-cpu', '0'], rule: 'mean', vouched: true },
  /** As an open server has it where its operator names nothing: every device is a stranger. */
  /** As for data that are not the server's: the rule alone, and every device a stranger. */
  rule: { argv: ['--guard-jump', 'none', '--audit-cpu', '0'], rule: 'mean', vouched: false },
  all: { argv: [], rule: 'auto', vouched: false },
} as const;
/** Which images a device trains on. */
export const DATA = ['server', ...PARTITIONS] as const;
export type DefencesName = keyof typeof DEFENCES;
export const DEFENCES_NAMES = Object.keys(DEFENCES) as DefencesName[];

export interface CellSpec {
  /** Null: all devices are honest. */
  attack: AttackName | null;
  devices: number;
  hostile: number;
  mode: Mode;
  defences: DefencesName;
  /** In place of the rule that the defences have. */
  rule: string | null;
  /** Further settings of the server, as on its command line. */
  settings: readonly string[];
  /** The server's data shards, or a part of the images that is its own. */
  data: (typeof DATA)[number];
  seed: number;
  /** Samples of honest devices after the first lie, with which a cell ends. */
  samples: number;
}

export interface CellResult extends CellSpec {
  /** On all test images at the end, 0 to 1. */
  accuracy: number;
  /** Samples of honest devices when a measurement first was {@link TARGET} or more; null: none was. */
  samplesToTarget: number | null;
  /** The most that the accuracy fell from one measurement to a later one next to it, 0 to 1. */
  worstFall: number;
  /** By hostile ids that were thrown out, the units that they had sent. */
  barredAfter: number[];
  /** Hostile persons that were never thrown out. */
  neverBarred: number;
  honestBarred: number;
  commits: number;
  /** Versions that brought an earlier state back. */
  restores: number;
  /** Of real time. */
  seconds: number;
}

/** The accuracy that is to be had in spite of any attack. */
export const TARGET = 0.975;
/** A commit of many devices is of many samples: with this many devices, each is measured. */
const DEVICES_A_MEASUREMENT = 10;
/** Nothing of a device takes less by much. */
const STEP_MS = 10;
/** Longer than any lease: when no honest device could send anything for so long, none will. */
const STALLED_MS = 90_000;
/** Enough for a commit of who is there alone. */
const EARLY_MS = 10_000;

/** Trains in spite of one attack. */
export async function runCell(spec: CellSpec, workshop: Workshop): Promise<CellResult> {
  const begun = performance.now();
  const { argv, rule, vouched } = DEFENCES[spec.defences];
  const config = loadConfig(
    'start',
    [
      ...argv,
      ...['--mode', spec.mode, '--aggregation', spec.rule ?? rule, '--seed', String(spec.seed)],
      // No solver is here, and nothing is saved.
      ...['--placement', 'greedy', '--checkpoint-seconds', '86400'],
      ...['--evaluate-every', String(Math.max(1, Math.round(DEVICES_A_MEASUREMENT / spec.devices)))],
      ...spec.settings,
    ],
    {},
  );
  const accuracies: number[] = [];
  let samplesToTarget: number | null = null;
  // The first measurements come before anybody works.
  let crew: Crew | null = null;
  const bed = await TestBed.open(workshop, config, (accuracy) => {
    accuracies.push(accuracy);
    if (accuracy >= TARGET) samplesToTarget ??= crew?.honestSamples ?? 0;
  });
  const { training, group, clock } = bed;
  const attack: Attack | null = spec.attack === null ? null : ATTACKS[spec.attack];
  crew = new Crew({ training, group, clock, vouched }, workshop, {
    ...spec,
    attack,
    own: spec.data === 'server' ? null : partOf(workshop.images, spec.data, spec),
  });
  // Who is early has the better seat.
  crew.enterHostile();
  if (attack?.isEarly === true) {
    await training.begin();
    await bed.pass(EARLY_MS);
  }
  crew.enterHonest();
  await training.begin();
  for (let last = { samples: 0, at: 0 }; ;) {
    await bed.pass(STEP_MS);
    crew.look();
    const samples = crew.honestSamples;
    if (samples > last.samples) last = { samples, at: clock.now() };
    if (samples - (crew.awakeAt ?? Infinity) >= spec.samples || clock.now() - last.at > STALLED_MS) break;
  }
  const accuracy = await bed.accuracy();
  await bed.close();
  return {
    ...spec,
    accuracy,
    samplesToTarget,
    worstFall: accuracies.reduce((worst, now, at) => Math.max(worst, (accuracies[at - 1] ?? now) - now), 0),
    barredAfter: crew.hostile.flatMap(({ barredAfter }) => barredAfter),
    neverBarred: crew.hostile.filter(({ barredAfter }) => barredAfter.length === 0).length,
    honestBarred: crew.honestBarred,
    commits: training.coordinator.updates,
    restores: training.coordinator.version - training.coordinator.updates,
    seconds: (performance.now() - begun) / 1000,
  };
}
