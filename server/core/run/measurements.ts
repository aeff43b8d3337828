import type { Measurement } from '../../../shared/protocol/admin.ts';

/** Beyond this the early half is thinned out by every second. */
const MAX_MEASUREMENTS = 1000;

/** The measurements of a run, oldest first. A long run keeps few of its early ones: what is shown and kept stays small. */
export class Measurements {
  readonly #all: Measurement[];

  /** @param before those of the run that this one goes on from. */
  constructor(before: readonly Measurement[]) {
    this.#all = [...before];
  }

  get all(): readonly Measurement[] {
    return this.#all;
  }

  get last(): Measurement | undefined {
    return this.#all.at(-1);
  }

  add(measurement: Measurement): void {
    this.#all.push(measurement);
    if (this.#all.length <= MAX_MEASUREMENTS) return;
    const early = this.#all.splice(0, MAX_MEASUREMENTS / 2);
    this.#all.unshift(...early.filter((_, index) => index % 2 === 0));
  }
}
