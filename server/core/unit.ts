import type { WorkUnit } from '../../shared/protocol/messages.ts';

/** What a work unit names of a data shard. */
export type DataShardRef = WorkUnit['dataShard'];

/** What a unit of a device is made of, but for its order and its rate. */
export interface UnitShape {
  dataShard: DataShardRef;
  batch: number;
  /** Null: a gradient. */
  steps: number | null;
}

/** A unit of a plan. */
export interface PlannedUnit extends UnitShape {
  /** Where it begins in the order of its data shard that all units of plans walk, in samples. */
  start: number;
}

/** Samples that a unit visits [UN4]. */
export function samplesOf({ batch, local }: Pick<WorkUnit, 'batch' | 'local'>): number {
  return batch * (local?.steps ?? 1);
}
