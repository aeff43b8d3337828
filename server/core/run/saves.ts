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

/** What a save came to. */
export type SaveOutcome = { saved: true } | { saved: false; error: unknown };

/** When a run is saved: one save at a time, each within a limit, and none of a version that is saved [RN6]. */
export class Saves {
  readonly #parts: SavesParts;
  #saved: number;
  #last: Promise<unknown> = Promise.resolve();
  /** Waits for the save that is under way; null: none waits. */
  #next: Promise<SaveOutcome> | null = null;
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

  /**
   * Saves the present version after what is being saved; answers when that is done or has failed, which is told. Who
   * asks before it begins shares it [AD17].
   */
  save(): Promise<SaveOutcome> {
    this.#next ??= this.#last.then(() => {
      this.#next = null;
      return this.#save();
    });
    this.#last = this.#next;
    return this.#next;
  }

  async #save(): Promise<SaveOutcome> {
    if (!this.behind) return { saved: true };
    const { clock, save, changed, failed } = this.#parts;
    this.#busy = true;
    let outcome: SaveOutcome = { saved: true };
    try {
      this.#saved = await within(
        clock,
        SAVE_LIMIT_MS,
        save(),
        `not done after ${SAVE_LIMIT_MS / 1000} seconds`,
      );
    } catch (error) {
      outcome = { saved: false, error };
      failed(error);
    }
    this.#busy = false;
    changed();
    return outcome;
  }
}
