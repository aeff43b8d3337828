import { joinSlices, sliceOf } from '../../shared/model/ranges.ts';
import type { ShardMap } from '../../shared/protocol/messages.ts';
import type { ShardClient, SliceReply } from '../transport/connection.ts';

/** The weights a device holds, always whole: every slice at one version. */
export class Weights {
  readonly #map: ShardMap;
  readonly #shards: ShardClient[];
  /** Versions that are kept, the newest: a worker may yet begin on one when another already has the next. */
  readonly #keep: number;
  readonly #held = new Map<number, Float32Array>();
  readonly #pulls = new Map<number, Promise<void>>();

  constructor(map: ShardMap, shards: ShardClient[], keep: number) {
    this.#map = map;
    this.#shards = shards;
    this.#keep = keep;
  }

  /** The weights at a version, pulled where they are not held; null where a shard no longer has it. */
  async at(version: number): Promise<Float32Array | null> {
    const held = this.#held.get(version);
    if (held !== undefined) return held;
    const pull = this.#pulls.get(version) ?? this.#pull(version);
    await pull;
    return this.#held.get(version) ?? null;
  }

  /** Takes the slices that came with answers, if together they are one version. Says whether they were. */
  take(replies: SliceReply[]): boolean {
    const slices = replies.flatMap(({ weights }) => (weights === null ? [] : [weights]));
    const version = slices[0]?.version;
    if (version === undefined || slices.length !== this.#map.length) return false;
    if (slices.some((slice) => slice.version !== version)) return false;
    if (this.#held.has(version)) return true;
    const joined = joinSlices(
      this.#map,
      slices.map(({ values }) => values),
    );
    this.#held.set(version, joined);
    const old = [...this.#held.keys()].sort((left, right) => right - left).slice(this.#keep);
    for (const each of old) this.#held.delete(each);
    return true;
  }

  /** Cuts an update along the shards. */
  cut(update: Float32Array): Float32Array[] {
    return this.#map.map((range) => sliceOf(update, range));
  }

  #pull(version: number): Promise<void> {
    const pull = Promise.all(this.#shards.map((shard) => shard.pull(version)))
      .then((replies) => void this.take(replies))
      .finally(() => this.#pulls.delete(version));
    this.#pulls.set(version, pull);
    return pull;
  }
}
