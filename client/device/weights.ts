import { layoutOf } from '../../shared/model/layout.ts';
import { joinSlices, sliceOf } from '../../shared/model/ranges.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { versionBrought } from './asking.ts';
import type { ShardMap } from '../../shared/protocol/messages.ts';
import type { ShardClient, SliceReply } from '../transport/connection.ts';

/** Checks that the slices of a server make the model that it names. @throws {Error} naming both sizes. */
export function checkMap(model: ModelSpec, map: ShardMap): void {
  const { length } = layoutOf(model);
  const served = map.reduce((sum, slice) => sum + slice.length, 0);
  if (served !== length) {
    throw new Error(`The weights do not fit the model: they are ${served}, ${model.name} has ${length}.`);
  }
}

/** The weights a device holds, always complete: every slice at one version. */
export class Weights {
  readonly #map: ShardMap;
  readonly #shards: ShardClient[];
  /** Versions that are kept, the newest: a worker may start on one when another already has the next. */
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

  /** Takes the slices that came with answers. @returns their version, or null where they are not all of one. */
  take(replies: SliceReply[]): number | null {
    const answers = replies.map(({ outcome, weights }) => ({ outcome, version: weights?.version ?? null }));
    const version = versionBrought(answers, this.#map.length);
    if (version === null || this.#held.has(version)) return version;
    const slices = replies.flatMap(({ weights }) => (weights === null ? [] : [weights.values]));
    this.#held.set(version, joinSlices(this.#map, slices));
    const old = [...this.#held.keys()].sort((left, right) => right - left).slice(this.#keep);
    for (const each of old) this.#held.delete(each);
    return version;
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
