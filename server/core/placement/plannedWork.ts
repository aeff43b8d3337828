import type { DeviceHistory } from '../crowd/device.ts';
import { samplesOfSize, type PlannedUnit } from '../unit.ts';
import { defaultUnitSamples, unitSizeOf, type RunShape } from './plan.ts';
import { DataShardProgress, type SampleRange } from './progress.ts';
import type { Allocation } from './allocations.ts';
import { START, isCalibration, advanceCursor } from '../crowd/cursor.ts';

/** Batch and steps of a unit. */
type Size = Pick<Allocation, 'batch' | 'steps'>;

/** Makes the units of allocations: each device visits its data shards one after another, and all follow one order on each [UN11]. */
export class PlannedWork {
  readonly #shape: RunShape;
  readonly #progress = new DataShardProgress();

  constructor(shape: RunShape) {
    this.#shape = shape;
  }

  /** Gives out the next unit of a device; null where it has no data shard. */
  next(history: DeviceHistory, allocation: Allocation): PlannedUnit | null {
    const cursor = history.cursor ?? START;
    const dataShard =
      this.#shape.dataShards[allocation.dataShards[cursor.position % allocation.dataShards.length] ?? -1];
    if (dataShard === undefined) return null;
    const size = isCalibration(cursor) ? this.#calibrationSize(allocation) : allocation;
    const { batch, steps } = this.#sizeOn(dataShard.index, size);
    const samples = samplesOfSize({ batch, steps });
    history.cursor = advanceCursor(cursor, samples, dataShard.samples);
    return { dataShard, batch, steps, start: this.#progress.take(dataShard.index, samples) };
  }

  /** A unit was lost: the next on its data shard starts there. */
  lost(range: SampleRange): void {
    this.#progress.returnRange(range);
  }

  /** Half a unit, where the plan has small ones: the cost that does not depend on the size would else never be measured. */
  #calibrationSize(allocation: Allocation): Size {
    const samples = samplesOfSize(allocation);
    return samples > defaultUnitSamples(this.#shape) / 2
      ? allocation
      : (unitSizeOf(samples / 2, this.#shape) ?? allocation);
  }

  /** What is left of a lost unit is done again by a unit no larger than that, where sizes may differ. */
  #sizeOn(dataShard: number, size: Size): Size {
    const lost = this.#progress.lostOn(dataShard);
    if (lost === null || lost >= samplesOfSize(size)) return size;
    return unitSizeOf(lost, this.#shape) ?? size;
  }
}
