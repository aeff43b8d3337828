import { joinSlices, sliceOf } from '../../shared/model/ranges.ts';
import type { ShardMap } from '../../shared/protocol/messages.ts';
import type { ShardClient, SliceReply } from '../transport/connection.ts';

/** The weights a worker holds, always whole: every slice at one version. */
export class Weights {
  readonly #map: ShardMap;
  readonly #shards: ShardClient[];
  #version: number | null = null;
  #parameters: Float32Array = new Float32Array(0);

  constructor(map: ShardMap, shards: ShardClient[]) {
    this.#map = map;
    this.#shards = shards;
  }

  /** The weights at a version, pulled where they are not held; null where a shard no longer has it. */
  async at(version: number): Promise<Float32Array | null> {
    if (this.#version !== version) {
      this.take(await Promise.all(this.#shards.map((shard) => shard.pull(version))));
    }
    return this.#version === version ? this.#parameters : null;
  }

  /** Takes the slices that came with answers, if together they are one version. Says whether they were. */
  take(replies: SliceReply[]): boolean {
    const slices = replies.flatMap(({ weights }) => (weights === null ? [] : [weights]));
    const version = slices[0]?.version;
    if (version === undefined || slices.length !== this.#map.length) return false;
    if (slices.some((slice) => slice.version !== version)) return false;
    const joined = joinSlices(
      this.#map,
      slices.map(({ values }) => values),
    );
    this.#parameters = joined;
    this.#version = version;
    return true;
  }

  /** Cuts an update along the shards. */
  cut(update: Float32Array): Float32Array[] {
    return this.#map.map((range) => sliceOf(update, range));
  }
}
