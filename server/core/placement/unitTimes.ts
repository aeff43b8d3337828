/** Moving averages look back over about so many milliseconds of work ... */
const LOOK_BACK_MS = 5000;
/** ... and over no fewer and no more units than these weights of the newest one stand for. */
const [LEAST_WEIGHT, MOST_WEIGHT] = [0.05, 0.3];
/** Sizes that differ by less than this share of their mean tell nothing of what a unit costs whatever its size. */
const LEAST_SPREAD = 0.1;
/** At least this share of what a unit takes is thought to grow with its size. */
const LEAST_GROWTH = 0.25;

/** What takes so many times longer or shorter than expected is a device that has changed, not noise. */
const SUDDEN = 2;

/** A unit of n samples takes `overheadMs + n * msPerSample`. */
export interface UnitTime {
  overheadMs: number;
  msPerSample: number;
}

/**
 * What the server learns of a device's pace from the time between each lease and its whole update: moving averages
 * of real work, throttling and network and all, and nothing that the device says of itself. The two parts of a
 * unit's time are told apart by least squares once units of different sizes were seen; before that all of it counts
 * as growing with the size, so that a larger unit is rather thought too slow [PL2].
 */
export class UnitTimes {
  #mean: { n: number; t: number; nn: number; nt: number } | null = null;
  #overheadMs = 0;
  #units = 0;

  /** Null before the first unit. */
  get fit(): UnitTime | null {
    if (this.#mean === null) return null;
    const { n, t } = this.#mean;
    const overheadMs = Math.min(this.#overheadMs, (1 - LEAST_GROWTH) * t);
    return { overheadMs, msPerSample: (t - overheadMs) / n };
  }

  /** Whether any unit was handed in at all. */
  get proven(): boolean {
    return this.#units > 0;
  }

  /** Null before the first unit. */
  expectedMs(samples: number): number | null {
    const { fit } = this;
    return fit === null ? null : fit.overheadMs + samples * fit.msPerSample;
  }

  /** A unit was handed in whole. */
  measured(samples: number, elapsedMs: number): void {
    const elapsed = Math.max(1, elapsedMs);
    const usual = Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, elapsed / LOOK_BACK_MS));
    const weight = Math.max(usual, 1 / ++this.#units);
    const ratio = elapsed / (this.expectedMs(samples) ?? elapsed);
    if (ratio > SUDDEN || ratio < 1 / SUDDEN) this.#scale(ratio);
    this.#observe(samples, elapsed, weight);
  }

  /** A unit was not handed in within so many milliseconds: it would have taken longer than that. */
  late(samples: number, elapsedMs: number): void {
    const expected = this.expectedMs(samples);
    if (expected === null) this.#observe(samples, elapsedMs, 1);
    else this.#scale(Math.max(1, Math.min(2, elapsedMs / expected)));
  }

  /** Forgets everything, as if the device were new. */
  forget(): void {
    this.#mean = null;
    this.#overheadMs = 0;
    this.#units = 0;
  }

  /** The device is so many times slower at everything than it was. */
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
    if (variance < (LEAST_SPREAD * mean.n) ** 2) return;
    const slope = (mean.nt - mean.n * mean.t) / variance;
    const [least, most] = [(LEAST_GROWTH * mean.t) / mean.n, mean.t / mean.n];
    this.#overheadMs = mean.t - Math.min(most, Math.max(least, slope)) * mean.n;
  }
}
