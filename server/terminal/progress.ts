import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import type { Clock } from '../core/clock.ts';
import { ROLES } from '../../shared/protocol/placement.ts';
import type { RunState } from '../../shared/protocol/runState.ts';
import { counted, grouped } from '../../shared/text/counted.ts';

/** How far something is. */
export interface RunProgress {
  seconds: number;
  /** All but the time. */
  text: string;
  /** A line is due where this is another one. */
  milestone: unknown;
}

/** What a reporter writes to: process.stderr, or a test's. */
export interface ProgressStream {
  write(text: string): unknown;
  /** Width of the terminal in characters. */
  columns?: number | undefined;
}

export interface ReporterOptions {
  stream: ProgressStream;
  /** Whether the stream is a terminal, where a line can be written over. */
  tty: boolean;
  clock: Pick<Clock, 'now'>;
}

/** Shows how a run goes: one line that is written over on a terminal, plain lines now and then elsewhere. */
export interface Reporter {
  update: (progress: RunProgress) => void;
  /** Prints a line of its own above the progress line. */
  note: (text: string) => void;
  /** Leaves the last progress line standing. */
  end: () => void;
}

/** A log is read later: a line this often is enough to see a run go on. */
const PLAIN_EVERY_MS = 5000;
const DEFAULT_COLUMNS = 80;
/** Back to the first column, and clear the line. */
const CLEAR = '\r\u001b[2K';

/** The reporter for a stream. */
export function reporter(options: ReporterOptions): Reporter {
  return options.tty ? terminalReporter(options.stream) : plainReporter(options);
}

function terminalReporter(stream: ProgressStream): Reporter {
  let line = '';
  return {
    update(progress) {
      // A line that wraps could not be cleared: only its last row would go.
      line = progressLine(progress).slice(0, (stream.columns || DEFAULT_COLUMNS) - 1);
      stream.write(`${CLEAR}${line}`);
    },
    note(text) {
      stream.write(line === '' ? `${text}\n` : `${CLEAR}${text}\n${line}`);
    },
    end() {
      if (line !== '') stream.write('\n');
      line = '';
    },
  };
}

function plainReporter({ stream, clock }: ReporterOptions): Reporter {
  let printedAt = -Infinity;
  let printed: RunProgress | null = null;
  let pending: RunProgress | null = null;
  const print = (progress: RunProgress) => {
    pending = null;
    printed = progress;
    printedAt = clock.now();
    stream.write(`${progressLine(progress)}\n`);
  };
  return {
    update(progress) {
      // Where nothing but time goes on there is nothing to read.
      if (progress.text === printed?.text) return;
      pending = progress;
      if (progress.milestone === printed?.milestone && clock.now() - printedAt < PLAIN_EVERY_MS) return;
      print(progress);
    },
    note(text) {
      stream.write(`${text}\n`);
    },
    end() {
      if (pending !== null) print(pending);
    },
  };
}

/** For instance `1:02  1,240 commits  79,360 samples  1,880 samples/s  2 devices  94.31%`. */
export function progressLine({ seconds, text }: RunProgress): string {
  return `${elapsed(seconds)}  ${text}`;
}

/** How far a run is, as its server has it. */
export function runProgress(snapshot: AdminSnapshot): RunProgress {
  const { status, seconds } = snapshot;
  const parts = [
    counted(status.updates, 'commit'),
    counted(status.samples, 'sample'),
    `${grouped(Math.round(snapshot.samplesPerSecond))} samples/s`,
    counted(status.devices, 'device'),
    status.testAccuracy === null ? 'not measured yet' : percent(status.testAccuracy),
  ];
  parts.push(...STATE_NOTES[status.state]);
  const text = [...parts, ...idleness(snapshot)].join('  ');
  return { seconds, text, milestone: snapshot.measurements.at(-1)?.version };
}

const STATE_NOTES: Record<RunState, string[]> = { running: [], paused: ['paused'], stopped: [] };

/** Why no device works although there are devices that could; of several reasons the first device's. */
function idleness({ devices }: AdminSnapshot): string[] {
  const allocations = devices.flatMap(({ profile, allocation }) =>
    profile.engine === null ? [] : (allocation ?? []),
  );
  if (allocations.some(({ role }) => ROLES[role].works)) return [];
  return allocations.slice(0, 1).map(({ why }) => `no device works: ${why.join('; ')}`);
}

/** `1:02`, or `1:01:02` from an hour on. */
export function elapsed(seconds: number): string {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = whole % 60;
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `94.31%` of 0.9431. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(2)}%`;
}
