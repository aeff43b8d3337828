import { describe, expect, it } from 'vitest';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { gatherBatch } from './batch.ts';

const SHARD: DataShard = {
  samples: 3,
  shape: [1, 2, 1],
  images: Uint8Array.of(0, 51, 102, 153, 204, 255),
  labels: Uint8Array.of(7, 8, 9),
};

describe('a batch', () => {
  it('[UN1] has the samples in the order asked for, their pixels normalised as the model says', () => {
    const batch = gatherBatch(SHARD, Uint32Array.of(2, 0, 2), { mean: 0.5, deviation: 0.25 });
    expect(batch.samples).toBe(3);
    expect([...batch.labels]).toEqual([9, 7, 9]);
    const expected = [204, 255, 0, 51, 204, 255].map((pixel) => Math.fround((pixel / 255 - 0.5) / 0.25));
    expect([...batch.images]).toEqual(expected);
  });
});
