import type { Codec } from './codec.ts';

/*
 * IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. Rounds to the nearest, ties to even. What is
 * 65,520 or larger becomes an infinity, as the standard has it, and the update is refused as NOT_FINITE [CD5]. To
 * saturate at 65,504 would apply another update than the one computed; and one that has such a value is above any
 * bound on norms that a run would set.
 */

const BYTES = 2;
/** Bits of a float32 without its sign: where infinity begins, and the smallest magnitudes that round in another way. */
const FLOAT32_INFINITY = 0x7f800000;
/** 65,520, half-way between the largest half and the next power of two: the tie goes to infinity. */
const ROUNDS_TO_INFINITY = 0x477ff000;
/** 2^-14, the smallest normal half. */
const SMALLEST_NORMAL = 0x38800000;
/** 2^-25, half of the smallest half: the tie goes to zero. */
const ROUNDS_TO_ZERO = 0x33000000;
const HALF_INFINITY = 0x7c00;
const HALF_NAN = 0x7e00;
/** The exponents of both formats differ by 112: in the bits of a float32, and as a factor. */
const REBIAS_BITS = 112 << 23;
const REBIAS_FACTOR = 2 ** 112;

/** Two bytes a value, little-endian. */
export const float16: Codec = {
  wireNumber: 2,
  help: 'half the bytes, values rounded to 11 significant bits, at most 65504',
  maxPayload: (length) => BYTES * length,
  encode: (values) => {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const bytes = new Uint8Array(BYTES * values.length);
    for (let index = 0; index < bits.length; index++) {
      const half = halfOf(bits[index] ?? 0);
      bytes[BYTES * index] = half;
      bytes[BYTES * index + 1] = half >>> 8;
    }
    return bytes;
  },
  decode: (bytes, length) => {
    if (bytes.byteLength !== BYTES * length) return null;
    const values = new Float32Array(length);
    const bits = new Uint32Array(values.buffer);
    for (let index = 0; index < length; index++) {
      const half = (bytes[BYTES * index] ?? 0) | ((bytes[BYTES * index + 1] ?? 0) << 8);
      const magnitude = half & 0x7fff;
      const sign = (half & 0x8000) << 16;
      if (magnitude >= HALF_INFINITY) {
        bits[index] = sign | FLOAT32_INFINITY | ((magnitude & 0x3ff) << 13);
      } else {
        // The bits as they are name a value 2^112 times too small, subnormal halves included.
        bits[index] = sign | (magnitude << 13);
        values[index] = (values[index] ?? 0) * REBIAS_FACTOR;
      }
    }
    return values;
  },
};

/** The bits of the half that is nearest to the float32 of these bits. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > FLOAT32_INFINITY) return sign | HALF_NAN;
  if (magnitude >= ROUNDS_TO_INFINITY) return sign | HALF_INFINITY;
  if (magnitude >= SMALLEST_NORMAL) return sign | shiftedToEven(magnitude - REBIAS_BITS, 13);
  if (magnitude <= ROUNDS_TO_ZERO) return sign;
  // Subnormal: the leading one is written out, and falls further right the smaller the exponent.
  const significand = 0x800000 | (magnitude & 0x7fffff);
  return sign | shiftedToEven(significand, 126 - (magnitude >>> 23));
}

/** `value / 2^places`, rounded to the nearest, ties to even. A carry into the exponent is the right one. */
function shiftedToEven(value: number, places: number): number {
  const isOdd = (value >>> places) & 1;
  return (value + (1 << (places - 1)) - 1 + isOdd) >>> places;
}
