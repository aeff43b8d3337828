import type { Clock } from '../clock.ts';

/** Samples that bounded devices may be granted for each that others are: a third of all [TS16]. */
const FOR_EACH = 1 / 2;
/** Others that neither have nor ask for work for so long hold nobody back: a tab may be stuck, or without a line. */
export const AWAY_MS = 5000;

/** A device that is not bounded and may have work. */
export interface OtherDevice {
  /** It has a lease, or asks for one. */
  isActive: boolean;
  /** That may have work at a time. */
  workers: number;
  /** Of one unit. */
  samples: number;
}

/** A worker that would like a lease. */
export interface Asking {
  isBounded: boolean;
  /** Of the unit that it would get. */
  samples: number;
}

/**
 * Holds what bounded devices are granted to a third of all samples, while others are there: a token bucket that is
 * filled by what those are granted. It holds half of a unit for each worker of theirs, or one unit that is asked for.
 */
export class BoundedShare {
  readonly #clock: Clock;
  readonly #freed: () => void;
  /** Samples that bounded devices may be granted. */
  #credit = Infinity;
  /** Others were there when workers were admitted last. */
  #isHolding = false;
  #activeAt = -Infinity;
  #cancelWait: () => void = () => undefined;

  /** @param freed called a while after a worker was held back: the devices that it was held back for may be away. */
  constructor(clock: Clock, freed: () => void) {
    this.#clock = clock;
    this.#freed = freed;
  }

  /** Whether bounded devices are held to their share. */
  #holds(others: readonly OtherDevice[]): boolean {
    if (others.length === 0) return false;
    const now = this.#clock.now();
    if (others.some(({ isActive }) => isActive)) this.#activeAt = now;
    return now - this.#activeAt < AWAY_MS;
  }

  /** Those of the workers that may have work now. Of the bounded ones the first that asked goes first, also where its unit is the largest. */
  admit<Worker extends Asking>(
    workers: readonly Worker[],
    othersHere: () => readonly OtherDevice[],
  ): Worker[] {
    const bounded = workers.filter(({ isBounded }) => isBounded);
    if (bounded.length === 0) return [...workers];
    const others = othersHere();
    this.#isHolding = this.#holds(others);
    if (!this.#isHolding) return [...workers];
    this.#credit = Math.min(this.#credit, mostOf(bounded, others));
    let left = this.#credit;
    const admitted = workers.filter(({ isBounded, samples }) => {
      if (!isBounded) return true;
      left -= samples;
      return left >= 0;
    });
    if (admitted.length < workers.length) this.#wait();
    return admitted;
  }

  /** A device is granted a unit. */
  granted({ isBounded, samples }: Asking): void {
    if (!isBounded) this.#credit += FOR_EACH * samples;
    else if (this.#isHolding) this.#credit -= samples;
  }

  /** Of a number of bounded workers, those that a round may count on. */
  workersOf(bounded: number, othersHere: () => readonly OtherDevice[]): number {
    if (bounded === 0) return 0;
    const others = othersHere();
    if (!this.#holds(others)) return bounded;
    return Math.min(bounded, Math.floor(FOR_EACH * others.reduce((sum, { workers }) => sum + workers, 0)));
  }

  #wait(): void {
    this.#cancelWait();
    this.#cancelWait = this.#clock.after(AWAY_MS, this.#freed);
  }
}

function mostOf(bounded: readonly Asking[], others: readonly OtherDevice[]): number {
  const half = FOR_EACH * others.reduce((sum, { workers, samples }) => sum + workers * samples, 0);
  return Math.max(half, ...bounded.map(({ samples }) => samples));
}
