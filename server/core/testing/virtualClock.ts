import type { Clock } from '../clock.ts';

/** A clock that stands still until it is told to advance: for tests and simulations. */
export class VirtualClock implements Clock {
  #now = 0;
  #tasks: { at: number; task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, task: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, milliseconds), task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  }

  /** Moves the time on, running what falls due on the way in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = this.#tasks.filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
      if (due === undefined) break;
      this.#tasks = this.#tasks.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.task();
    }
    this.#now = end;
  }

  /** The machine slept: when it wakes, everything that fell due meanwhile runs late, in order. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
    this.advance(0);
  }
}
