import { describe, expect, it } from 'vitest';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { sampleOf } from './sample.ts';

/** Images of two pixels, both of which say which image it is. */
function shardOf(samples: number): DataShard {
  const images = Uint8Array.from({ length: 2 * samples }, (_, index) => Math.floor(index / 2));
  return { samples, shape: [1, 2, 1], images, labels: Uint8Array.from({ length: samples }, (_, i) => i) };
}

describe('a sample of a data shard', () => {
  it('[GU2] has images from its beginning to its end, each with its label', () => {
    const { samples, images, labels } = sampleOf(shardOf(10), 4);
    expect({ samples, labels: [...labels] }).toEqual({ samples: 4, labels: [0, 2, 5, 7] });
    expect([...images]).toEqual([0, 0, 2, 2, 5, 5, 7, 7]);
  });

  it.each([3, 4])('[GU2] is all of one that has %d images, where four are wanted', (samples) => {
    expect(sampleOf(shardOf(samples), 4)).toEqual(shardOf(samples));
  });
});
