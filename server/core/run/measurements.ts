import type { Measurement } from '../../../shared/protocol/admin.ts';

/** Beyond this the early half is thinned out by every second. */
const MAX_MEASUREMENTS = 1000;

/** Accuracy may fall this far below the best so far, 0 to 1: noise from one measurement to the next, no bad turn. */
const GOOD_WITHIN = 0.05;

/** Whether a measured version is one to go back to. @param best accuracy of the run so far; 0 before there is one. */
export function isGood({ testAccuracy, testLoss }: Quality, best: number): boolean {
  return Number.isFinite(testLoss) && testAccuracy >= best - GOOD_WITHIN;
}
type Quality = Pick<Measurement, 'testAccuracy' | 'testLoss'>;

/** The measurements of a run, oldest first. A long run keeps few of its early ones: what is shown and kept stays small. */
export class Measurements {
  readonly #all: Measurement[] = [];
  #best = 0;

  /** @param before those of the run that this one goes on from: the store may have many more of them [EV4]. */
  constructor(before: readonly Measurement[]) {
    for (const measurement of before) this.add(measurement);
  }

  get all(): readonly Measurement[] {
    return this.#all;
  }

  get last(): Measurement | undefined {
    return this.#all.at(-1);
  }

  /** @returns whether it is good, by those before it. */
  add(measurement: Measurement): boolean {
    const good = isGood(measurement, this.#best);
    this.#best = Math.max(this.#best, measurement.testAccuracy);
    this.#keep(measurement);
    return good;
  }

  #keep(measurement: Measurement): void {
    this.#all.push(measurement);
    if (this.#all.length <= MAX_MEASUREMENTS) return;
    const early = this.#all.splice(0, MAX_MEASUREMENTS / 2);
    this.#all.unshift(...early.filter((_, index) => index % 2 === 0));
  }
}
