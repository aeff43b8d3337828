import type { Clock } from '../clock.ts';
import { within } from '../within.ts';

/**
 * The longest that a save may take. It is above what its parts are given, a shard for its snapshot and the disk for an
 * operation, because they know better what hangs.
 */
export const SAVE_LIMIT_MS = 120_000;

export interface SavesParts {
  clock: Clock;
  /** Milliseconds between two saves. */
  everyMs: number;
  /** The version that the model is at. */
  version: () => number;
  /** Saves the model as it is, and answers with its version. */
  save: () => Promise<number>;
  changed: () => void;
  failed: (error: unknown) => void;
}

/** When a run is saved: one save at a time, each within a limit, and none of a version that is saved [RN6]. */
export class Saves {
  readonly #parts: SavesParts;
  #saved: number;
  #last: Promise<void> = Promise.resolve();
  #busy = false;
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(parts: SavesParts) {
    this.#parts = parts;
    this.#saved = parts.version();
  }

  /** Whether the model has moved on since it was saved. */
  get behind(): boolean {
    return this.#saved !== this.#parts.version();
  }

  /** Saves now and then from now on. */
  start(): void {
    this.#cancel();
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.after(this.#parts.everyMs, () => {
      // A save that takes longer than the time between two must not have others wait for it.
      if (!this.#busy) void this.save();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  /** Stops for good. */
  close(): void {
    this.#closed = true;
    this.stop();
  }

  /** Saves the present version after what is being saved; answers when that is done or has failed, which is told. */
  save(): Promise<void> {
    this.#last = this.#last.then(() => this.#save());
    return this.#last;
  }

  async #save(): Promise<void> {
    if (!this.behind) return;
    const { clock, save, changed, failed } = this.#parts;
    this.#busy = true;
    try {
      this.#saved = await within(
        clock,
        SAVE_LIMIT_MS,
        save(),
        `not done after ${SAVE_LIMIT_MS / 1000} seconds`,
      );
    } catch (error) {
      failed(error);
    }
    this.#busy = false;
    changed();
  }
}
