import type { Clock } from '../clock.ts';

/** How much of its budget may be left over: audits of a crowd that comes at once begin at once. */
const BURST_MS = 5000;

/** The processor time that audits may take: a token bucket of milliseconds [AT8]. */
export class AuditBudget {
  readonly #clock: Clock;
  /** Of one core, 0 to 1, that they may take. */
  readonly #allowed: number;
  #left = BURST_MS;
  readonly #begun: number;
  #since: number;
  #spent = 0;

  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#allowed = share;
    this.#begun = clock.now();
    this.#since = this.#begun;
  }

  /** What all audits took so far, in milliseconds. */
  get spent(): number {
    return this.#spent;
  }

  /** What all audits took of a core since the start, 0 to 1. */
  get share(): number {
    const elapsed = this.#clock.now() - this.#begun;
    return elapsed > 0 ? Math.min(1, this.#spent / elapsed) : 0;
  }

  /** Milliseconds until another audit may begin; 0: now. */
  get wait(): number {
    this.#fill();
    return this.#left > 0 ? 0 : Math.ceil((1 - this.#left) / this.#allowed);
  }

  /** An audit took so long: more than is left makes the next one wait. */
  spend(milliseconds: number): void {
    this.#fill();
    this.#left -= milliseconds;
    this.#spent += milliseconds;
  }

  #fill(): void {
    const now = this.#clock.now();
    this.#left = Math.min(BURST_MS, this.#left + (now - this.#since) * this.#allowed);
    this.#since = now;
  }
}

/** How long the server takes for a sample. */
export class RecomputationPace {
  #measured = 0;
  #msPerSample = 0;

  /** The first unit does not count: it may have waited for the thread to start. The fastest of the others does. */
  measured(samples: number, milliseconds: number): void {
    const pace = milliseconds / samples;
    this.#measured++;
    if (this.#measured === 2) this.#msPerSample = pace;
    if (this.#measured > 2) this.#msPerSample = Math.min(this.#msPerSample, pace);
  }

  /** What a unit of this many samples takes; 0 where nothing is known. */
  expectedMs(samples: number): number {
    return samples * this.#msPerSample;
  }
}
