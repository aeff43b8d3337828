/** Messages with fewer bytes behind their first read tell nothing of the line. */
const MIN_BYTES = 4096;
/** The median of this many: one read that the server came late to is no slow line. */
const REMEMBERED = 9;
/** Reads closer together than a clock can tell are this far apart. */
const MIN_MS = 0.05;

/**
 * How fast bytes come in over one connection, learnt from real messages: the sender hands each over whole, so what
 * comes behind its first read comes as fast as the line lets it. A line that brings a whole message in one read is
 * faster than can be told.
 */
export class UplinkMeter {
  readonly #now: () => number;
  #firstAt: number | null = null;
  #bytes = 0;
  #rates: number[] = [];

  /** @param now milliseconds of a clock that only goes forward, with fractions. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Bytes a second; null where nothing told yet. */
  get bytesPerSecond(): number | null {
    const sorted = this.#rates.toSorted((left, right) => left - right);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }

  /** `bytes` were read. */
  read(bytes: number): void {
    if (this.#firstAt === null) this.#firstAt = this.#now();
    else this.#bytes += bytes;
  }

  /** With what was read last a message ended. */
  ended(): void {
    if (this.#firstAt !== null && this.#bytes >= MIN_BYTES) {
      const elapsed = Math.max(MIN_MS, this.#now() - this.#firstAt);
      this.#rates = [...this.#rates.slice(1 - REMEMBERED), (1000 * this.#bytes) / elapsed];
    }
    this.#firstAt = null;
    this.#bytes = 0;
  }
}
