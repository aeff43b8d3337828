import type { Clock } from '../clock.ts';

/** How far back a rate looks. */
const WINDOW_MS = 10_000;
/** Marks closer together than this are one: a rate needs no more. */
const RESOLUTION_MS = 200;

/** Commits and samples a second over the last few seconds; 0 while the run does not go on [PG1]. */
export class Throughput {
  readonly #clock: Clock;
  #running = false;
  #marks: { at: number; commits: number; samples: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the run goes on. What was before a pause says nothing of the speed after it. */
  follow(running: boolean): void {
    if (running !== this.#running) this.#marks = [];
    this.#running = running;
  }

  /** The totals after a commit. */
  mark(commits: number, samples: number): void {
    const at = this.#clock.now();
    const before = this.#marks.at(-2);
    const last = this.#marks.at(-1);
    if (before !== undefined && last !== undefined && last.at - before.at < RESOLUTION_MS) this.#marks.pop();
    this.#marks.push({ at, commits, samples });
    this.#forget(at);
  }

  perSecond(): { commits: number; samples: number } {
    const now = this.#clock.now();
    this.#forget(now);
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (!this.#running || first === undefined || last === undefined || now === first.at) {
      return { commits: 0, samples: 0 };
    }
    const seconds = (now - first.at) / 1000;
    return {
      commits: (last.commits - first.commits) / seconds,
      samples: (last.samples - first.samples) / seconds,
    };
  }

  #forget(now: number): void {
    this.#marks = this.#marks.filter(({ at }) => at >= now - WINDOW_MS);
  }
}
