/** Samples over the last few seconds, for the figure a volunteer sees. */
export class Rate {
  readonly #windowMs: number;
  readonly #now: () => number;
  #marks: { at: number; samples: number }[] = [];

  constructor(windowMs: number, now: () => number) {
    this.#windowMs = windowMs;
    this.#now = now;
  }

  add(samples: number): void {
    this.#marks.push({ at: this.#now(), samples });
  }

  /** Samples a second between the first and the last unit of the window; 0 with fewer than two. */
  perSecond(): number {
    const since = this.#now() - this.#windowMs;
    this.#marks = this.#marks.filter(({ at }) => at >= since);
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (first === undefined || last === undefined || last.at === first.at) return 0;
    const samples = this.#marks.reduce((sum, mark) => sum + mark.samples, 0) - first.samples;
    return (1000 * samples) / (last.at - first.at);
  }
}
