import { joinSlices, type KeyRange } from '../../../shared/model/ranges.ts';
import type { LiveSettings } from '../liveSettings.ts';
import type { OptimizerState } from '../shard/optimizer.ts';
import type { ShardPort } from '../shard/shardPort.ts';

/** The whole model at one version. */
export interface ModelSnapshot {
  version: number;
  /** Update records so far. */
  updates: number;
  samples: number;
  /** In force at that version. */
  settings: LiveSettings;
  seconds: number;
  parameters: Float32Array;
  optimizerState: OptimizerState;
}

/**
 * Puts the model together from its shards, which are asked at once and in the order of commits.
 * @param reached what the run has come to at the moment of asking.
 * @throws {Error} where the shards answer with different versions, or one does not answer.
 */
export async function takeSnapshot(
  shards: readonly ShardPort[],
  ranges: KeyRange[],
  reached: Pick<ModelSnapshot, 'updates' | 'samples' | 'settings' | 'seconds'>,
): Promise<ModelSnapshot> {
  const slices = await Promise.all(shards.map((shard) => shard.snapshot()));
  const version = slices[0]?.version ?? 0;
  if (slices.some((slice) => slice.version !== version)) throw new Error('shards are at different versions');
  const join = (pick: (slice: (typeof slices)[number]) => Float32Array) =>
    joinSlices(ranges, slices.map(pick));
  const first = slices[0]?.optimizerState ?? { slots: {}, scalars: {} };
  const slots = Object.keys(first.slots).map((name) => [
    name,
    join((slice) => slice.optimizerState.slots[name] ?? new Float32Array(0)),
  ]);
  return {
    version,
    ...reached,
    parameters: join((slice) => slice.parameters),
    optimizerState: {
      slots: Object.fromEntries(slots) as Record<string, Float32Array>,
      scalars: first.scalars,
    },
  };
}
