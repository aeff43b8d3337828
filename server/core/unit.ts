import type { WorkUnit } from '../../shared/protocol/messages.ts';

/** What a work unit names of a data shard. */
export type DataShardRef = WorkUnit['dataShard'];

/** What a unit of a device is made of, but for its seed and its rate. */
export interface UnitShape {
  dataShard: DataShardRef;
  batch: number;
  /** Null: a gradient. */
  steps: number | null;
}

/** Samples that a unit visits [UN4]. */
export function samplesOf({ batch, local }: Pick<WorkUnit, 'batch' | 'local'>): number {
  return batch * (local?.steps ?? 1);
}
