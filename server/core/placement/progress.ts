/** A range in the endless order of a data shard. */
export interface SampleRange {
  /** Index of the data shard. */
  dataShard: number;
  /** Samples of the order before it. */
  start: number;
  samples: number;
}

/**
 * How far units of plans have come in the order of each data shard, over all devices: each starts where the one before
 * ended, and what was lost is given out before anything new [UN12].
 */
export class DataShardProgress {
  readonly #ends = new Map<number, number>();
  readonly #lost = new Map<number, SampleRange[]>();

  /** Samples of the lost range that is next on a data shard; null where nothing is lost there. */
  lostOn(dataShard: number): number | null {
    return this.#lost.get(dataShard)?.[0]?.samples ?? null;
  }

  /** Gives out the next `samples` of a data shard, and returns where they start. */
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

  /** A unit was lost: its samples are given out again. */
  returnRange(range: SampleRange): void {
    const lost = this.#lost.get(range.dataShard) ?? [];
    this.#lost.set(range.dataShard, [...lost, range]);
  }
}
