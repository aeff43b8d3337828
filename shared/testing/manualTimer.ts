import type { After } from '../transport/chunkedChannel.ts';

/** Time that is turned by hand. */
export class ManualTimer {
  #now = 0;
  #tasks: { at: number; task: () => void }[] = [];

  readonly after: After = (milliseconds, task) => {
    const entry = { at: this.#now + milliseconds, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  };

  /** Tasks that are neither done nor cancelled. */
  get pending(): number {
    return this.#tasks.length;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const { task } of this.#tasks.filter(({ at }) => at <= this.#now)) task();
    this.#tasks = this.#tasks.filter(({ at }) => at > this.#now);
  }
}
