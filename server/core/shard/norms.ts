import { BLOCK } from '../../../shared/model/ranges.ts';
import type { SliceProducts } from './shardPort.ts';

/**
 * The sum of squares of each block of {@link BLOCK} elements, in double precision. Shards begin at block
 * borders, so the blocks of all shards in order are those of the whole vector: the norm does not depend on the
 * number of shards [SL3]. A block with a NaN or an infinity has a sum that is not finite.
 */
export function blockSquares(values: Float32Array): number[] {
  const blocks = Math.ceil(values.length / BLOCK);
  return Array.from({ length: blocks }, (_, block) => productOfBlock(values, values, block));
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

/** In four sums, as a processor adds to one while another is not done; which of them an element goes to never changes. */
function productOfBlock(left: Float32Array, right: Float32Array, block: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  const end = Math.min(left.length, (block + 1) * BLOCK);
  let i = block * BLOCK;
  for (; i + 3 < end; i += 4) {
    first += (left[i] ?? 0) * (right[i] ?? 0);
    second += (left[i + 1] ?? 0) * (right[i + 1] ?? 0);
    third += (left[i + 2] ?? 0) * (right[i + 2] ?? 0);
    fourth += (left[i + 3] ?? 0) * (right[i + 3] ?? 0);
  }
  for (; i < end; i++) first += (left[i] ?? 0) * (right[i] ?? 0);
  return first + second + (third + fourth);
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
