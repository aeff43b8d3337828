import { layoutOf } from '../../shared/model/layout.ts';
import { joinSlices, sliceOf } from '../../shared/model/ranges.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { versionBrought } from './asking.ts';
import type { RunDescription, ShardMap } from '../../shared/protocol/messages.ts';
import type { HostClient, HostReply } from '../transport/connection.ts';

/** Checks that the slices of a run make the model that it names, each at a host. @throws {Error} naming what does not fit. */
export function checkMap(
  model: ModelSpec,
  { shards, hosts }: Pick<RunDescription, 'shards' | 'hosts'>,
): void {
  const { length } = layoutOf(model);
  const served = shards.reduce((sum, slice) => sum + slice.length, 0);
  if (served !== length) {
    throw new Error(`The weights do not fit the model: they are ${served}, ${model.name} has ${length}.`);
  }
  const homeless = shards.find(({ url }) => !hosts.some((host) => host.url === url));
  if (homeless !== undefined) throw new Error(`The run names no host for its shard ${homeless.index}.`);
}

/** The weights a device holds, always complete: every slice at one version. */
export class Weights {
  readonly #map: ShardMap;
  readonly #hosts: HostClient[];
  /** Versions that are kept, the newest: a worker may start on one when another already has the next. */
  readonly #keep: number;
  readonly #held = new Map<number, Float32Array>();
  readonly #pulls = new Map<number, Promise<void>>();

  constructor(map: ShardMap, hosts: HostClient[], keep: number) {
    this.#map = map;
    this.#hosts = hosts;
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

  /**
   * Takes the slices that came with answers, one of each host.
   * @returns their version, or null where they are not all of one.
   */
  take(replies: HostReply[]): number | null {
    const answers = replies.map(({ outcome, weights }) => ({ outcome, version: weights?.version ?? null }));
    const version = versionBrought(answers, this.#hosts.length);
    if (version === null || this.#held.has(version)) return version;
    this.#held.set(version, this.#join(replies));
    const old = [...this.#held.keys()].sort((left, right) => right - left).slice(this.#keep);
    for (const each of old) this.#held.delete(each);
    return version;
  }

  /** Cuts an update along the shards, one group for each host. */
  cut(update: Float32Array): Float32Array[][] {
    return this.#hosts.map(({ places }) => places.map((range) => sliceOf(update, range)));
  }

  #join(replies: HostReply[]): Float32Array {
    const slices: Float32Array[] = [];
    this.#hosts.forEach(({ places }, host) =>
      places.forEach((place, at) => {
        const slice = replies[host]?.weights?.slices[at];
        if (slice !== undefined) slices[this.#map.findIndex(({ index }) => index === place.index)] = slice;
      }),
    );
    return joinSlices(this.#map, slices);
  }

  #pull(version: number): Promise<void> {
    const pull = Promise.all(this.#hosts.map((host) => host.pull(version)))
      .then((replies) => void this.take(replies))
      .finally(() => this.#pulls.delete(version));
    this.#pulls.set(version, pull);
    return pull;
  }
}
