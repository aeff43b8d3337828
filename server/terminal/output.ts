import type { Clock } from '../core/clock.ts';
import { machineClock } from '../app/machineTime.ts';

/*
 * The one place where commands write: results to standard output, everything else to standard error. An output whose
 * reader is gone, as a closed pipe or terminal is, falls silent and ends nothing [EX1].
 */

/** What of a stream of the process is used here. */
export interface OutputStream {
  write(text: string, done?: (error?: Error | null) => void): unknown;
  on(event: 'error', heard: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What was written is out by then, or nobody reads it. */
const OUT_WITHIN_MS = 2000;

export class Output {
  readonly #stream: OutputStream;
  readonly #clock: Clock;

  constructor(stream: OutputStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    // Without a listener the first write that nobody reads would end the process.
    stream.on('error', () => undefined);
  }

  /** Whether it is a terminal, where a line can be written over. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Width of the terminal in characters; undefined where it is none. */
  get columns(): number | undefined {
    return this.#stream.columns;
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Resolves once what was written is out, or cannot be. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(OUT_WITHIN_MS, resolve);
      this.#stream.write('', () => {
        cancel();
        resolve();
      });
    });
  }
}

export const results = new Output(process.stdout, machineClock);
export const messages = new Output(process.stderr, machineClock);
