/** A contiguous part of the flat parameter vector, in elements. */
export interface KeyRange {
  offset: number;
  length: number;
}

/** Shards begin at multiples of this many elements, so that a norm's blocks never straddle two of them. */
export const BLOCK = 256;

/**
 * Cuts a vector of `length` elements into `shards` key ranges that are disjoint, in order, cover it, begin at
 * multiples of {@link BLOCK} and differ by at most one block but for the last [SL1].
 * @throws {RangeError} when there are fewer blocks than shards.
 */
export function cutKeyRanges(length: number, shards: number): KeyRange[] {
  const blocks = Math.ceil(length / BLOCK);
  if (!Number.isInteger(shards) || shards < 1 || shards > blocks) {
    throw new RangeError(
      `shards: ${length} parameters fill ${blocks} blocks of ${BLOCK}, not ${shards} shards`,
    );
  }
  return Array.from({ length: shards }, (_, index) => {
    const offset = Math.floor((index * blocks) / shards) * BLOCK;
    const end = Math.min(length, Math.floor(((index + 1) * blocks) / shards) * BLOCK);
    return { offset, length: end - offset };
  });
}

/** The part of `vector` that a range names: a view, not a copy. */
export function sliceOf(vector: Float32Array, range: KeyRange): Float32Array {
  return vector.subarray(range.offset, range.offset + range.length);
}

/** Puts slices back together; the inverse of slicing along {@link cutKeyRanges} [SL2]. */
export function joinSlices(ranges: KeyRange[], slices: Float32Array[]): Float32Array {
  const whole = new Float32Array(ranges.reduce((length, range) => length + range.length, 0));
  ranges.forEach((range, index) => {
    const slice = slices[index];
    if (slice?.length !== range.length) throw new RangeError(`slice ${index} does not fill its key range`);
    whole.set(slice, range.offset);
  });
  return whole;
}
