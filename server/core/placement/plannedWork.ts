import type { DeviceHistory } from '../crowd/device.ts';
import type { PlannedUnit } from '../unit.ts';
import { defaultUnitSamples, unitSizeOf, type RunShape } from './plan.ts';
import { DataShardProgress, type SampleRange } from './progress.ts';
import type { Allocation } from './allocations.ts';
import { START, isCalibration, advance } from '../crowd/cursor.ts';

/** Batch and steps of a unit. */
type Size = Pick<Allocation, 'batch' | 'steps'>;

/** Makes units of shares: each device walks through its data shards, and all walk one order on each [UN11]. */
export class PlannedWork {
  readonly #shape: RunShape;
  readonly #progress = new DataShardProgress();

  constructor(shape: RunShape) {
    this.#shape = shape;
  }

  /** Gives out the next unit of a device; null where it has no data shard. */
  next(history: DeviceHistory, share: Allocation): PlannedUnit | null {
    const walk = history.cursor ?? START;
    const dataShard = this.#shape.dataShards[share.dataShards[walk.position % share.dataShards.length] ?? -1];
    if (dataShard === undefined) return null;
    const size = isCalibration(walk) ? this.#gauge(share) : share;
    const { batch, steps } = this.#sizeOn(dataShard.index, size);
    const samples = batch * (steps ?? 1);
    history.cursor = advance(walk, samples, dataShard.samples);
    return { dataShard, batch, steps, start: this.#progress.take(dataShard.index, samples) };
  }

  /** A unit came to nothing: the next on its data shard begins there. */
  lost(stretch: SampleRange): void {
    this.#progress.giveBack(stretch);
  }

  /** Half a unit, where the plan has small ones: what a unit costs whatever its size would else never show. */
  #gauge(share: Allocation): Size {
    const samples = share.batch * (share.steps ?? 1);
    return samples > defaultUnitSamples(this.#shape) / 2
      ? share
      : (unitSizeOf(samples / 2, this.#shape) ?? share);
  }

  /** What is left of a lost unit is done again by a unit no larger than that, where sizes may differ. */
  #sizeOn(dataShard: number, size: Size): Size {
    const lost = this.#progress.lostOn(dataShard);
    if (lost === null || lost >= size.batch * (size.steps ?? 1)) return size;
    return unitSizeOf(lost, this.#shape) ?? size;
  }
}
