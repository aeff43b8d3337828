import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { Clock } from '../core/clock.ts';
import { machineClock } from '../app/machineTime.ts';

/** What asks a command to end. A terminal that is closed says SIGHUP, to each process and by way of the shell again. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** What of a process is used here. */
export interface Interruptible {
  on(signal: EndSignal, heard: () => void): unknown;
  /** Ends at once, as the signal would have ended it without this. */
  endBy(signal: EndSignal): void;
}

export interface InterruptionParts {
  process: Interruptible;
  clock: Clock;
  /** Whether a terminal belongs to the command. */
  hasTerminal: boolean;
  /** Prints a line for the user who waits for the end. */
  note: (line: string) => void;
}

/** One Ctrl-C comes twice within this: from the terminal, and passed on by npm. */
const SAME_PRESS_MS = 500;
/** Who waits longer than this for the end is told what can be done. */
const TELL_AFTER_MS = 3000;

/**
 * Resolves at the first Ctrl-C, SIGTERM or closing of the terminal, for the command to end in good order [EX2]. A
 * second Ctrl-C or SIGTERM ends it at once, whatever hangs [EX3].
 */
export function interruption(
  note: (line: string) => void,
  { process: of, clock, hasTerminal }: Omit<InterruptionParts, 'note'> = HERE,
): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | null = null;
    const first = () => {
      firstAt = clock.now();
      resolve();
      clock.after(TELL_AFTER_MS, () =>
        note('Still ending. Another Ctrl-C ends it at once, and keeps no more.'),
      );
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      of.on(signal, () => {
        if (firstAt === null) {
          first();
        } else if (clock.now() - firstAt >= SAME_PRESS_MS) {
          note(`Ended at once by a second signal, ${signal}: what was not kept by now is lost.`);
          of.endBy(signal);
        }
      });
    }
    of.on('SIGHUP', () => {
      if (hasTerminal && firstAt === null) first();
    });
  });
}

/** Node takes signals back that `nohup` had the process ignore, so a command without a terminal ignores this one. */
export function ignoreHangup({
  process: of,
  hasTerminal,
}: Pick<InterruptionParts, 'process' | 'hasTerminal'> = HERE): void {
  if (!hasTerminal) of.on('SIGHUP', () => undefined);
}

/** Ends this process by the signal itself: the exit code is 128 and its number, and no thread is waited for. */
function endBy(signal: EndSignal): void {
  process.on('exit', () => {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
  process.exit(128 + constants.signals[signal]);
}

const HERE: Omit<InterruptionParts, 'note'> = {
  process: { on: (signal, heard) => process.on(signal, heard), endBy },
  clock: machineClock,
  hasTerminal: [0, 1, 2].some((descriptor) => isatty(descriptor)),
};
