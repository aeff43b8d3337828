import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataShard } from '../dataset/dataShard.ts';
import { permutation } from '../random/generator.ts';
import { gatherBatch, unitOrder } from './batch.ts';

const SHARD: DataShard = {
  samples: 3,
  shape: [1, 2, 1],
  images: Uint8Array.of(0, 51, 102, 153, 204, 255),
  labels: Uint8Array.of(7, 8, 9),
};

describe('the order of a unit', () => {
  it('[UN1] is the permutation of its seed', () => {
    expect(unitOrder(42, 10, 4)).toEqual(permutation(42, 10).slice(0, 4));
    expect(unitOrder(42, 10, 10)).toEqual(permutation(42, 10));
  });

  it('[UN1] starts over with the next seed when the data shard is exhausted', () => {
    expect([...unitOrder(42, 10, 25)]).toEqual([
      ...permutation(42, 10),
      ...permutation(43, 10),
      ...permutation(44, 10).slice(0, 5),
    ]);
  });

  it('[UN1] visits every sample once before any twice', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 60 }), fc.nat(200), (seed, samples, count) => {
        const visits = new Map<number, number>();
        for (const sample of unitOrder(seed, samples, count))
          visits.set(sample, (visits.get(sample) ?? 0) + 1);
        const passes = Math.floor(count / samples);
        for (let sample = 0; sample < samples; sample++) {
          expect([passes, passes + 1]).toContain(visits.get(sample) ?? 0);
        }
        expect(visits.size).toBeLessThanOrEqual(samples);
      }),
    );
  });

  it('[UN1] of a data shard without samples is refused', () => {
    expect(() => unitOrder(1, 0, 5)).toThrow(RangeError);
  });
});

describe('a batch', () => {
  it('[UN1] has the samples in the order asked for, their pixels normalised as the model says', () => {
    const batch = gatherBatch(SHARD, Uint32Array.of(2, 0, 2), { mean: 0.5, deviation: 0.25 });
    expect(batch.samples).toBe(3);
    expect([...batch.labels]).toEqual([9, 7, 9]);
    const expected = [204, 255, 0, 51, 204, 255].map((pixel) => Math.fround((pixel / 255 - 0.5) / 0.25));
    expect([...batch.images]).toEqual(expected);
  });
});
