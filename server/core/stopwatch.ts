import type { Clock } from './clock.ts';

/** Time that can stand still. */
export class Stopwatch {
  readonly #clock: Clock;
  #gathered: number;
  #since: number | null = null;

  /** @param gathered milliseconds it begins with. */
  constructor(clock: Clock, gathered = 0) {
    this.#clock = clock;
    this.#gathered = gathered;
  }

  get running(): boolean {
    return this.#since !== null;
  }

  get milliseconds(): number {
    return this.#gathered + (this.#since === null ? 0 : this.#clock.now() - this.#since);
  }

  start(): void {
    this.#since ??= this.#clock.now();
  }

  stop(): void {
    this.#gathered = this.milliseconds;
    this.#since = null;
  }
}
