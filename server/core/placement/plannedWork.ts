import type { DeviceHistory } from '../crowd/device.ts';
import type { PlannedUnit } from '../unit.ts';
import { recipeSamples, sizeOf, type RunShape } from './plan.ts';
import { Progress, type Stretch } from './progress.ts';
import type { Share } from './allocations.ts';
import { BEGINNING, isGauge, step } from '../crowd/cursor.ts';

/** Batch and steps of a unit. */
type Size = Pick<Share, 'batch' | 'steps'>;

/** Makes units of shares: each device walks through its data shards, and all walk one order on each [UN2]. */
export class PlannedWork {
  readonly #shape: RunShape;
  readonly #progress = new Progress();

  constructor(shape: RunShape) {
    this.#shape = shape;
  }

  /** Gives out the next unit of a device; null where it has no data shard. */
  next(history: DeviceHistory, share: Share): PlannedUnit | null {
    const walk = history.walk ?? BEGINNING;
    const dataShard = this.#shape.dataShards[share.dataShards[walk.place % share.dataShards.length] ?? -1];
    if (dataShard === undefined) return null;
    const size = isGauge(walk) ? this.#gauge(share) : share;
    const { batch, steps } = this.#sizeOn(dataShard.index, size);
    const samples = batch * (steps ?? 1);
    history.walk = step(walk, samples, dataShard.samples);
    return { dataShard, batch, steps, start: this.#progress.take(dataShard.index, samples) };
  }

  /** A unit came to nothing: the next on its data shard begins there. */
  lost(stretch: Stretch): void {
    this.#progress.giveBack(stretch);
  }

  /** Half a unit, where the plan has small ones: what a unit costs whatever its size would else never show. */
  #gauge(share: Share): Size {
    const samples = share.batch * (share.steps ?? 1);
    return samples > recipeSamples(this.#shape) / 2 ? share : (sizeOf(samples / 2, this.#shape) ?? share);
  }

  /** What is left of a lost unit is done again by a unit no larger than that, where sizes may differ. */
  #sizeOn(dataShard: number, size: Size): Size {
    const lost = this.#progress.lostOn(dataShard);
    if (lost === null || lost >= size.batch * (size.steps ?? 1)) return size;
    return sizeOf(lost, this.#shape) ?? size;
  }
}
