/** After as many of its longest gaps without a unit, a device is no longer at work. */
const SILENT_GAPS = 3;

/** Samples over the last few seconds, for the figure a volunteer sees. */
export class Rate {
  readonly #windowMs: number;
  readonly #now: () => number;
  #marks: { at: number; samples: number }[] = [];

  /** @param windowMs how far back it looks; to the last two units where they are further apart. */
  constructor(windowMs: number, now: () => number) {
    this.#windowMs = windowMs;
    this.#now = now;
  }

  add(samples: number): void {
    const at = this.#now();
    // What was done before a pause says nothing of the speed after it.
    if (this.#isSilent(at)) this.#marks = [];
    this.#marks.push({ at, samples });
    this.#marks = this.#marks.filter(
      (mark, place) => mark.at >= at - this.#windowMs || place >= this.#marks.length - 2,
    );
  }

  /** Samples a second between the first and the last unit; 0 with fewer than two, or when none came for a while. */
  perSecond(): number {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return 0;
    if (this.#isSilent(this.#now())) return 0;
    const samples = this.#marks.reduce((sum, mark) => sum + mark.samples, 0) - first.samples;
    return (1000 * samples) / (last.at - first.at);
  }

  #isSilent(now: number): boolean {
    const last = this.#marks.at(-1);
    // After one alone it is not known how far apart they are.
    if (last === undefined || this.#marks.length < 2) return false;
    const gaps = this.#marks.slice(1).map(({ at }, place) => at - (this.#marks[place]?.at ?? at));
    return now - last.at > Math.max(this.#windowMs, SILENT_GAPS * Math.max(...gaps));
  }
}
