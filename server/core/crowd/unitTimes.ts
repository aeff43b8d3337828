/** Milliseconds of work that moving averages cover, about ... */
const LOOK_BACK_MS = 5000;
const MIN_WEIGHT = 0.02;
const MAX_WEIGHT = 0.3;
/** Sizes that differ by less than this fraction of their mean say nothing about the cost that does not depend on the size. */
const MIN_SPREAD = 0.1;
/** At least this fraction of a unit's time is taken to grow with its size. */
const MIN_GROWTH = 0.25;

/** Units before a plan counts on a device. */
const FIRST_UNITS = 3;
/** Units that take this factor longer or shorter than expected ... */
const SUDDEN = 2;
/** ... are noise, but two of them in a row are a device that has changed, and so is one that took this long. */
const LONG_MS = 1000;

/** A unit of n samples takes `overheadMs + n * msPerSample`. */
export interface UnitTime {
  overheadMs: number;
  msPerSample: number;
}

/**
 * What the server learns of a device's pace from the time between each lease and its complete update: moving averages
 * of real work, with throttling and network, and nothing that the device says about itself. The two parts of a
 * unit's time are told apart by least squares once units of different sizes were seen; before that all of it counts
 * as growing with the size, so that the estimate for a larger unit is rather too high [PL2].
 */
export class UnitTimes {
  #mean: { n: number; t: number; nn: number; nt: number } | null = null;
  #overheadMs = 0;
  /** Mean fraction by which units differ from the expected time. */
  #spread = 0;
  #units = 0;
  /** One of its first units was late. */
  #lateAtFirst = false;
  /** Units in a row that took much longer than expected; below zero, much shorter. */
  #sudden = 0;

  /** Null before the first unit. */
  get fit(): UnitTime | null {
    if (this.#mean === null) return null;
    const { n, t } = this.#mean;
    const overheadMs = Math.min(this.#overheadMs, (1 - MIN_GROWTH) * t);
    return { overheadMs, msPerSample: (t - overheadMs) / n };
  }

  /** An upper estimate: the fit, longer by the mean deviation; what a round that waits for all has to allow for. */
  get upperEstimate(): UnitTime | null {
    const { fit } = this;
    if (fit === null) return null;
    const factor = 1 + this.#spread;
    return { overheadMs: factor * fit.overheadMs, msPerSample: factor * fit.msPerSample };
  }

  /** Whether any unit was submitted. */
  get proven(): boolean {
    return this.#units > 0;
  }

  /** Whether enough is known to plan with: a few units, the first of which warm up, or that one of those was late. */
  get settled(): boolean {
    return this.#units >= FIRST_UNITS || this.#lateAtFirst;
  }

  /** Whether it went on after the units that it was measured by. */
  get continued(): boolean {
    return this.#units > FIRST_UNITS;
  }

  /** Null before the first unit. */
  expectedMs(samples: number): number | null {
    const { fit } = this;
    return fit === null ? null : fit.overheadMs + samples * fit.msPerSample;
  }

  /** A unit was submitted and complete. */
  measured(samples: number, elapsedMs: number): void {
    const elapsed = Math.max(1, elapsedMs);
    const usual = Math.min(MAX_WEIGHT, Math.max(MIN_WEIGHT, elapsed / LOOK_BACK_MS));
    // A first unit also fetches, compiles and warms up: the second takes its place.
    const weight = Math.max(usual, 1 / Math.max(1, this.#units++));
    const expected = this.expectedMs(samples) ?? elapsed;
    const ratio = elapsed / expected;
    const sudden = ratio > SUDDEN ? 1 : ratio < 1 / SUDDEN ? -1 : 0;
    if (this.#units > FIRST_UNITS) this.#spread += weight * (Math.min(1, Math.abs(ratio - 1)) - this.#spread);
    this.#sudden = Math.sign(this.#sudden) === sudden ? this.#sudden + sudden : sudden;
    const changed = Math.abs(this.#sudden) >= (elapsed > LONG_MS ? 1 : 2);
    if (changed) this.#scale(ratio);
    // A pause of the machine counts for little.
    const counted = changed || weight === 1 ? elapsed : Math.min(SUDDEN * expected, elapsed);
    this.#observe(samples, counted, weight);
  }

  /** A unit was not submitted within `elapsedMs`. */
  late(samples: number, elapsedMs: number): void {
    const expected = this.expectedMs(samples);
    if (expected === null) {
      this.#observe(samples, elapsedMs, 1);
    } else this.#scale(Math.max(1, Math.min(2, elapsedMs / expected)));
    this.missed();
  }

  /** A unit came too late to count, however long it took. */
  missed(): void {
    this.#lateAtFirst ||= this.#units < FIRST_UNITS;
  }

  /** Forgets everything, as if the device were new. */
  forget(): void {
    this.#mean = null;
    this.#overheadMs = 0;
    this.#spread = 0;
    this.#units = 0;
    this.#lateAtFirst = false;
    this.#sudden = 0;
  }

  /** The device is slower by this factor than it was. */
  #scale(ratio: number): void {
    if (this.#mean === null) return;
    const { n, t, nn, nt } = this.#mean;
    this.#mean = { n, t: ratio * t, nn, nt: ratio * nt };
    this.#overheadMs *= ratio;
  }

  #observe(n: number, t: number, weight: number): void {
    const seen = { n, t, nn: n * n, nt: n * t };
    const before = this.#mean ?? seen;
    const mixed = (name: keyof typeof seen) => before[name] + weight * (seen[name] - before[name]);
    const mean = { n: mixed('n'), t: mixed('t'), nn: mixed('nn'), nt: mixed('nt') };
    this.#mean = mean;
    const variance = mean.nn - mean.n ** 2;
    if (variance < (MIN_SPREAD * mean.n) ** 2) return;
    const slope = (mean.nt - mean.n * mean.t) / variance;
    const least = (MIN_GROWTH * mean.t) / mean.n;
    const most = mean.t / mean.n;
    this.#overheadMs = mean.t - Math.min(most, Math.max(least, slope)) * mean.n;
  }
}
