import type { WorkKey } from '../policy/policy.ts';
import type { DataShardRef } from '../unit.ts';

/** A data shard, and where a unit begins in the order in which its lane visits it. */
export interface LanePosition {
  dataShard: DataShardRef;
  /** Samples of the order that earlier units of the lane visit. */
  start: number;
}

/** Lanes start this far apart in the order of data shards, so that few devices do not share one at once. */
const LANE_STRIDE = 23;

/**
 * Where a lane is at each of its steps: on one data shard for as many units as cover it, then on the next, so that a
 * device downloads little; round after round, so that it comes to every one. On a data shard that it comes back to it
 * goes on where its last unit there ended [UN9].
 * @param dataShards in the order in which lanes visit them.
 */
export function createDataShardOrder(
  dataShards: readonly DataShardRef[],
  samplesAUnit: number,
): (key: WorkKey) => LanePosition {
  /** Units of a round that come before each data shard; the last entry is the whole round. */
  const unitsBefore = [0];
  for (const { samples } of dataShards) {
    unitsBefore.push((unitsBefore.at(-1) ?? 0) + Math.max(1, Math.ceil(samples / samplesAUnit)));
  }
  const unitsARound = unitsBefore.at(-1) ?? 0;
  const before = (position: number) => unitsBefore[position] ?? 0;
  return ({ lane, step }) => {
    const first = (lane * LANE_STRIDE) % dataShards.length;
    const unit = before(first) + step;
    const inRound = unit % unitsARound;
    const position = unitsBefore.findLastIndex((units) => units <= inRound);
    const dataShard = dataShards[position];
    if (dataShard === undefined) throw new Error('work: there are no data shards');
    // A lane starts in the middle of its first round: to the data shards before that place it first comes in the second.
    const visits = Math.floor(unit / unitsARound) - (position < first ? 1 : 0);
    const unitsAVisit = before(position + 1) - before(position);
    return { dataShard, start: (visits * unitsAVisit + inRound - before(position)) * samplesAUnit };
  };
}
