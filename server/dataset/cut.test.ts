import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeDataShard } from '../../shared/dataset/dataShard.ts';
import { loadDataset } from './cut.ts';
import type { Dataset } from './dataset.ts';
import { mnist } from './mnist.ts';
import { squares } from './testing/squares.ts';

describe('[DS3] the data shards of MNIST', () => {
  let dataset: Dataset;
  beforeAll(async () => {
    dataset = await loadDataset(mnist);
  });

  test('[DS3] are 60 of 1,000 samples', () => {
    expect(dataset.train.map(({ samples }) => samples)).toEqual(new Array<number>(60).fill(1_000));
  });

  test('[DS3] are each a fair mix of digits', () => {
    for (const { bytes } of dataset.train) {
      const counts = new Array<number>(10).fill(0);
      decodeDataShard(bytes).labels.forEach((label) => (counts[label] = (counts[label] ?? 0) + 1));
      expect(Math.min(...counts)).toBeGreaterThan(50);
    }
  });

  test('[DS3] are the same on every machine and in every release', () => {
    const paths = dataset.train.map(({ path }) => path).join();
    expect(createHash('sha256').update(paths).digest('hex')).toBe(
      '655a8ac370636eb1153f0baafe25b6e4367eced4bfce6b00644f0e8b70eab27c',
    );
  });

  test('[DS11] and its hash with them', () => {
    expect(dataset.manifest.hash).toBe('1c4cd34cf7a104535daadd57d16b51f4f95ecd2cf565245d9dd53409d84e0c97');
  });
});

test('[DS10] images that data shards cannot carry are refused before anything is read', async () => {
  const description = { ...squares.description, elementType: 'float32' as const };
  const read = () => Promise.reject(new Error('was read'));
  await expect(loadDataset({ ...squares, description, read })).rejects.toThrow(
    'data set squares: data shards cannot carry float32 images yet',
  );
});

test('[DS10] a data set whose manifest is wrong is refused by the field', async () => {
  const description = { ...squares.description, mean: [0.5] };
  await expect(loadDataset({ ...squares, description })).rejects.toThrow(
    'manifest of squares: mean has 1 numbers, the images have 3 channels',
  );
});
