import type { WorkUnit } from '../../shared/protocol/messages.ts';

/** What a work unit names of a data shard. */
export type DataShardRef = WorkUnit['dataShard'];

/** A unit without its order and its rate. */
export interface UnitShape {
  dataShard: DataShardRef;
  batch: number;
  /** Null: a gradient. */
  steps: number | null;
}

/** A unit of a plan. */
export interface PlannedUnit extends UnitShape {
  /** Its first sample in the order of its data shard, which all units of plans follow. */
  start: number;
}

/** Samples that a unit of this size visits [UN4]; null steps: a gradient. */
export const samplesOfSize = ({ batch, steps }: Pick<UnitShape, 'batch' | 'steps'>): number =>
  batch * (steps ?? 1);

/** Samples that a unit visits [UN4]. */
export const samplesOf = ({ batch, local }: Pick<WorkUnit, 'batch' | 'local'>): number =>
  samplesOfSize({ batch, steps: local?.steps ?? null });
