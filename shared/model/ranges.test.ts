import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelHash } from '../../server/store/modelHash.ts';
import { BLOCK, cutKeyRanges, joinSlices, sliceOf } from './ranges.ts';

/** A length and a number of shards that it can be cut into. */
const cut = fc.integer({ min: 1, max: 100_000 }).chain((length) =>
  fc.record({
    length: fc.constant(length),
    shards: fc.integer({ min: 1, max: Math.min(64, Math.ceil(length / BLOCK)) }),
  }),
);

describe('key ranges', () => {
  it('[SL1] are disjoint, in order, cover the vector and begin at multiples of 256', () => {
    fc.assert(
      fc.property(cut, ({ length, shards }) => {
        const ranges = cutKeyRanges(length, shards);
        expect(ranges).toHaveLength(shards);
        let next = 0;
        for (const range of ranges) {
          expect(range.offset).toBe(next);
          expect(range.offset % BLOCK).toBe(0);
          expect(range.length).toBeGreaterThan(0);
          next += range.length;
        }
        expect(next).toBe(length);
      }),
    );
  });

  it('[SL1] differ by at most one block, but for the last', () => {
    fc.assert(
      fc.property(cut, ({ length, shards }) => {
        const blocks = cutKeyRanges(length, shards).map((range) => Math.ceil(range.length / BLOCK));
        expect(Math.max(...blocks) - Math.min(...blocks)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('[SL1] are those that a shard map of 1,960 parameters has', () => {
    expect(cutKeyRanges(1960, 3)).toEqual([
      { offset: 0, length: 512 },
      { offset: 512, length: 768 },
      { offset: 1280, length: 680 },
    ]);
  });

  it.each([
    [256, 2],
    [1960, 9],
    [1960, 0],
    [1960, -1],
    [1960, 1.5],
    [1960, NaN],
    [0, 1],
  ])('[SL1] %d parameters are not cut into %d shards', (length, shards) => {
    expect(() => cutKeyRanges(length, shards)).toThrow(RangeError);
  });
});

describe('slices', () => {
  it('[SL2] put together are the vector they were cut from', () => {
    fc.assert(
      fc.property(cut, fc.integer(), ({ length, shards }, salt) => {
        const vector = Float32Array.from({ length }, (_, index) => index ^ salt);
        const ranges = cutKeyRanges(length, shards);
        const joined = joinSlices(
          ranges,
          ranges.map((range) => sliceOf(vector, range)),
        );
        // Not toEqual: it takes a second for a long vector.
        expect(modelHash(joined)).toBe(modelHash(vector));
      }),
    );
  });

  it('[SL2] are refused where one is missing, short or long', () => {
    const ranges = cutKeyRanges(600, 2);
    const first = new Float32Array(256);
    const second = new Float32Array(344);
    expect(joinSlices(ranges, [first, second])).toHaveLength(600);
    expect(() => joinSlices(ranges, [first])).toThrow('slice 1');
    expect(() => joinSlices(ranges, [first, second.subarray(1)])).toThrow('slice 1');
    expect(() => joinSlices(ranges, [second, first])).toThrow('slice 0');
  });
});
