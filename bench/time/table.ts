import { grouped } from '../../shared/text/counted.ts';
import { median } from '../median.ts';
import type { Job } from './job.ts';
import { AVERAGING, SIDES, TARGET, type Averaging, type SideName } from './sides.ts';

/** Of the jobs of one row; null where too many of them did not reach the target to say. */
export interface Spread {
  median: number | null;
  min: number | null;
  max: number | null;
}

/** What the jobs of one side with one averaging took. */
export interface Row {
  side: SideName;
  averaging: Averaging;
  seeds: number[];
  /** Jobs that reached the target. */
  reached: number;
  /** Seconds of the whole command. */
  command: Spread;
  /** Seconds of training. */
  training: Spread;
  samples: Spread;
  /** The median of the fastest row of Ray over that of this row; null where either is missing. */
  commandRatio: number | null;
  trainingRatio: number | null;
}

type Measure = 'command' | 'training' | 'samples';
const MEASURES: Record<Measure, (job: Job) => number> = {
  command: (job) => job.commandSeconds,
  training: (job) => job.trainSeconds,
  samples: (job) => job.samples,
};

/** A row for each side and averaging that has jobs, in the order of the sides. */
export function rowsOf(jobs: readonly Job[]): Row[] {
  const sides = Object.keys(SIDES) as SideName[];
  const rows = sides.flatMap((side) =>
    AVERAGING.flatMap((averaging) => {
      const own = jobs.filter((job) => job.side === side && job.averaging === averaging);
      return own.length === 0 ? [] : [rowOf(side, averaging, own)];
    }),
  );
  const command = fastestRay(rows, 'command');
  const training = fastestRay(rows, 'training');
  return rows.map((row) => ({
    ...row,
    commandRatio: ratio(command, row.command.median),
    trainingRatio: ratio(training, row.training.median),
  }));
}

const hasReached = ({ testAccuracy }: Job) => testAccuracy >= TARGET;

function rowOf(side: SideName, averaging: Averaging, jobs: Job[]): Row {
  return {
    side,
    averaging,
    seeds: jobs.map(({ seed }) => seed).sort((left, right) => left - right),
    reached: jobs.filter(hasReached).length,
    command: spread(jobs, 'command'),
    training: spread(jobs, 'training'),
    samples: spread(jobs, 'samples'),
    commandRatio: null,
    trainingRatio: null,
  };
}

/** A job that did not reach the target would have taken longer than any that did. */
function spread(jobs: Job[], measure: Measure): Spread {
  const values = jobs.map((job) => (hasReached(job) ? MEASURES[measure](job) : Infinity));
  return {
    median: finite(median(values)),
    min: finite(Math.min(...values)),
    max: finite(Math.max(...values)),
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? rounded(value) : null);
const rounded = (value: number) => Math.round(value * 100) / 100;

function fastestRay(rows: Row[], measure: Measure): number | null {
  const medians = rows.flatMap((row) => (SIDES[row.side].isRay ? [row[measure].median ?? Infinity] : []));
  return finite(Math.min(...medians));
}

function ratio(reference: number | null, own: number | null): number | null {
  return reference === null || own === null ? null : rounded(reference / own);
}

const NOTHING = '-';
const COLUMNS: Record<string, (row: Row) => string> = {
  workers: ({ side }) => SIDES[side].label,
  averaging: ({ averaging }) => averaging,
  seeds: ({ seeds, reached }) =>
    reached === seeds.length ? String(reached) : `${reached} of ${seeds.length}`,
  'whole command, s': ({ command }) => range(command, (value) => value.toFixed(1)),
  'training, s': ({ training }) => range(training, (value) => value.toFixed(1)),
  samples: ({ samples }) => range(samples, grouped),
  'best Ray / whole': ({ commandRatio }) => commandRatio?.toFixed(2) ?? NOTHING,
  'best Ray / training': ({ trainingRatio }) => trainingRatio?.toFixed(2) ?? NOTHING,
};

function range({ median: middle, min, max }: Spread, format: (value: number) => string): string {
  const shown = (value: number | null) => (value === null ? NOTHING : format(value));
  return `${shown(middle)} (${shown(min)} to ${shown(max)})`;
}

/** The rows as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [Object.keys(COLUMNS), ...rows.map((row) => Object.values(COLUMNS).map((cell) => cell(row)))];
  const widths = Object.keys(COLUMNS).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const [head, ...body] = lines.map(
    (line) => `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [head, rule, ...body].join('\n');
}
