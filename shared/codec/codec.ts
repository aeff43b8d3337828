/** One way in which the values of a frame become bytes. Pure and without state: the same values give the same bytes. */
export interface Codec {
  /** What a frame's header calls it, 1 to 255: written out, and never used again for another codec [CD1]. */
  readonly wireNumber: number;
  /** What it costs and what it loses, as the help says it: half a sentence. */
  readonly help: string;
  /** The most bytes that `count` values may take: a payload is refused above it, before it is decoded [CD2]. */
  maxPayload(length: number): number;
  /**
   * The bytes of a slice, which may be a view of `values`. What they decode to does not depend on where the vector
   * was cut, as long as slices begin at multiples of a block [CD3], and a NaN or an infinity stays one [CD4].
   */
  encode(values: Float32Array): Uint8Array;
  /**
   * `count` values, in memory of their own: `bytes` may lie at any offset and be overwritten later. Never throws;
   * null where `bytes` are not an encoding of `length` values [CD2].
   */
  decode(bytes: Uint8Array, length: number): Float32Array | null;
}
