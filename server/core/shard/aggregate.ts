import { BLOCK } from '../../../shared/model/ranges.ts';

/** One update's part in a commit. */
export interface WeightedSlice {
  values: Float32Array;
  /** A float32 number. */
  weight: number;
}

/** The sum of weight x values over the members, in their order, float32 after every operation [CM3]. */
export function weightedSum(members: WeightedSlice[], length: number): Float32Array {
  const sum = new Float32Array(length);
  for (const { values, weight } of members) {
    for (let i = 0; i < length; i++) {
      sum[i] = (sum[i] ?? 0) + Math.fround(weight * (values[i] ?? 0));
    }
  }
  return sum;
}

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

/** The L2 norm of the whole vector from its blocks' sums of squares, added in order. */
export function normOfBlocks(squares: number[]): number {
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}
