/** A part of the endless order of a data shard. */
export interface SampleRange {
  /** Index of the data shard. */
  dataShard: number;
  /** Samples of the order before it. */
  start: number;
  samples: number;
}

/**
 * How far units of plans have come in the order of each data shard, whoever did them: each begins where the one before
 * ended, and what was lost is given out before anything new [UN12].
 */
export class DataShardProgress {
  readonly #ends = new Map<number, number>();
  readonly #lost = new Map<number, SampleRange[]>();

  /** Samples of the lost stretch that is next on a data shard; null where nothing is lost there. */
  lostOn(dataShard: number): number | null {
    return this.#lost.get(dataShard)?.[0]?.samples ?? null;
  }

  /** Where the next unit of so many samples begins; it is given out with that. */
  take(dataShard: number, samples: number): number {
    const lost = this.#lost.get(dataShard) ?? [];
    const [first] = lost;
    if (first === undefined) {
      const end = this.#ends.get(dataShard) ?? 0;
      this.#ends.set(dataShard, end + samples);
      return end;
    }
    const { start } = first;
    if (samples >= first.samples) lost.shift();
    else lost[0] = { dataShard, start: start + samples, samples: first.samples - samples };
    return start;
  }

  /** A unit came to nothing: its samples are to be visited after all. */
  giveBack(stretch: SampleRange): void {
    const lost = this.#lost.get(stretch.dataShard) ?? [];
    this.#lost.set(stretch.dataShard, [...lost, stretch]);
  }
}
