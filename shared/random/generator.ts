import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * The project's one seeded source of randomness: xoroshiro128+ (Blackman and Vigna, 2018), seeded by one
 * 32-bit integer. Equal in every engine and environment; golden vectors pin it [RA1].
 */
export interface Generator {
  /** A multiple of 2^-24 in [0, 1). */
  float(): number;
  /** A whole number in [0, below). */
  below(bound: number): number;
}

/** @param seed any integer; its low 32 bits count. */
export function createGenerator(seed: number): Generator {
  const source = xoroshiro128plus(seed | 0);
  return {
    float: () => uniformFloat32(source),
    below: (bound) => uniformInt(source, 0, bound - 1),
  };
}

/**
 * Derives a 32-bit seed from a list of integers, so that each (run, seat, unit) has its own stream.
 * The mixer is the 32-bit finaliser of MurmurHash3 (Appleby, public domain), folded over the list.
 */
export function deriveSeed(...parts: number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part >>> 0), 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/**
 * The permutation of 0 .. size-1 that a seed stands for: Fisher-Yates from the end, drawing each partner from
 * {@link createGenerator} [RA2].
 */
export function permutation(seed: number, size: number): Uint32Array {
  const generator = createGenerator(seed);
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const partner = generator.below(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[partner] ?? 0;
    order[partner] = kept;
  }
  return order;
}
