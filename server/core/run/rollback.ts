import type { Coordinator } from './coordinator.ts';
import type { KeptState } from './marks.ts';

/** Why a state cannot be brought back: none is kept, what is kept is of no use, or the run has ended. */
export type RollbackFault = 'unknown' | 'unusable' | 'ended';

/** A state that cannot be brought back; the message says why. Nothing has changed then. */
export class RollbackError extends Error {
  override name = 'RollbackError';
  readonly fault: RollbackFault;

  constructor(fault: RollbackFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

export interface RollbackParts {
  coordinator: Coordinator;
  /** The state of a version that a checkpoint keeps. @throws {RollbackError} where it cannot be had. */
  keptState: (version: number) => Promise<KeptState>;
  /** Whether the run has ended. */
  isOver: () => boolean;
}

/** Brings back states of earlier, one at a time [RS4]. */
export class Rollback {
  readonly #parts: RollbackParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: RollbackParts) {
    this.#parts = parts;
  }

  /**
   * Makes the next version of the state of an earlier one: of one that is marked at once, else of its checkpoint.
   * @returns the version that it makes.
   * @throws {RollbackError} where it cannot be had, or the run has ended meanwhile.
   */
  to(version: number): Promise<number> {
    const done = this.#last.then(() => this.#restore(version));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #restore(version: number): Promise<number> {
    const { coordinator, keptState, isOver } = this.#parts;
    const { marks } = coordinator;
    const isLoaded = !marks.has(version);
    if (isLoaded) await load(marks, await keptState(version));
    try {
      if (isOver()) throw new RollbackError('ended', 'The run has ended meanwhile.');
      coordinator.restore(version);
      return coordinator.version;
    } finally {
      if (isLoaded) marks.release(version);
    }
  }
}

/** @throws {RollbackError} where a shard does not take it. */
async function load(marks: Coordinator['marks'], state: KeptState): Promise<void> {
  try {
    await marks.load(state);
  } catch (error) {
    throw new RollbackError('unusable', `A shard did not take the state of version ${state.version}.`, {
      cause: error,
    });
  }
}
