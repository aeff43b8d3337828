import { BLOCK } from '../../../shared/model/ranges.ts';
import type { SliceProducts } from './shardPort.ts';

/**
 * The sum of squares of each block of {@link BLOCK} elements, in double precision. Shards begin at block
 * borders, so the blocks of all shards in order are those of the whole vector: the norm does not depend on the
 * number of shards [SL3]. A block with a NaN or an infinity has a sum that is not finite.
 */
export function blockSquares(values: Float32Array): number[] {
  const squares: number[] = [];
  for (let start = 0; start < values.length; start += BLOCK) {
    let sum = 0;
    const end = Math.min(values.length, start + BLOCK);
    for (let i = start; i < end; i++) {
      const value = values[i] ?? 0;
      sum += value * value;
    }
    squares.push(sum);
  }
  return squares;
}

/** A slice that others are multiplied with. */
interface Multiplicand {
  values: Float32Array;
}

/**
 * The inner products of a slice with each of others of its shard, by blocks as {@link blockSquares}. They cost a pass over
 * the slice for each of the others.
 */
export function blockProducts(
  values: Float32Array,
  others: ReadonlyMap<number, Multiplicand>,
): SliceProducts {
  const blocks = Math.ceil(values.length / BLOCK);
  const sums = new Float64Array(others.size * blocks);
  [...others.values()].forEach((other, row) => {
    for (let block = 0; block < blocks; block++)
      sums[row * blocks + block] = productOfBlock(values, other.values, block);
  });
  return { leases: [...others.keys()], sums };
}

function productOfBlock(left: Float32Array, right: Float32Array, block: number): number {
  let sum = 0;
  const end = Math.min(left.length, (block + 1) * BLOCK);
  for (let i = block * BLOCK; i < end; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}

/** The sum of all blocks, added in order: the same bits, however they are divided over shards [SL3]. */
export function sumOfBlocks(blocks: Iterable<number>): number {
  let sum = 0;
  for (const block of blocks) sum += block;
  return sum;
}

/** The L2 norm of the whole vector from its blocks' sums of squares. */
export function normOfBlocks(squares: number[]): number {
  return Math.sqrt(sumOfBlocks(squares));
}
