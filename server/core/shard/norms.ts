import { BLOCK } from '../../../shared/model/ranges.ts';

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
