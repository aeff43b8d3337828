import { sumOfBlocks } from '../shard/norms.ts';
import type { SliceProducts } from '../shard/shardPort.ts';

/** The inner product of two updates. */
interface Pair {
  /** Sums of blocks by shard, until all are there. */
  parts: (Float64Array | undefined)[];
  /** Null until then. */
  product: number | null;
}

/** The inner products of the updates that are staged, put together from what each shard reports of its slices. */
export class InnerProducts {
  readonly #shards: number;
  /** Both ways round. */
  readonly #pairs = new Map<number, Map<number, Pair>>();

  /** @param shards how many report each pair. */
  constructor(shards: number) {
    this.#shards = shards;
  }

  /** A shard's part of the products of an update with others. @param isLive whether one of them may still count. */
  add(
    lease: number,
    shard: number,
    { leases, sums }: SliceProducts,
    isLive: (lease: number) => boolean,
  ): void {
    const blocks = sums.length / leases.length;
    leases.forEach((other, row) => {
      if (isLive(other)) this.#put(lease, other, shard, sums.slice(row * blocks, (row + 1) * blocks));
    });
  }

  /**
   * The product of two updates that are complete: one of each two slices is staged after the other, and the shard reports it then.
   * @throws {Error} where a shard has not.
   */
  between(one: number, other: number): number {
    const product = this.#pairs.get(one)?.get(other)?.product ?? null;
    if (product === null)
      throw new Error(`coordinator: the inner product of leases ${one} and ${other} is not known`);
    return product;
  }

  /** An update is decided. */
  forget(lease: number): void {
    for (const other of this.#pairs.get(lease)?.keys() ?? []) this.#pairs.get(other)?.delete(lease);
    this.#pairs.delete(lease);
  }

  #put(one: number, other: number, shard: number, part: Float64Array): void {
    const pair = this.#pairs.get(one)?.get(other) ?? this.#begin(one, other);
    pair.parts[shard] = part;
    const parts = pair.parts.filter((each) => each !== undefined);
    if (parts.length < this.#shards) return;
    pair.product = sumOfBlocks(inOrder(parts));
    pair.parts = [];
  }

  #begin(one: number, other: number): Pair {
    const pair: Pair = { parts: [], product: null };
    this.#rowOf(one).set(other, pair);
    this.#rowOf(other).set(one, pair);
    return pair;
  }

  #rowOf(lease: number): Map<number, Pair> {
    const row = this.#pairs.get(lease) ?? new Map<number, Pair>();
    this.#pairs.set(lease, row);
    return row;
  }
}

/** The blocks of all shards, as they are in the whole vector. */
function* inOrder(parts: readonly Float64Array[]): Iterable<number> {
  for (const part of parts) yield* part;
}
