import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeDataShard } from '../../shared/dataset/dataShard.ts';
import { cutDataShards, type DataShardFile } from './cut.ts';
import { loadMnist, type Mnist } from './mnist.ts';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

describe('[DS3] data shards', () => {
  let mnist: Mnist;
  let files: DataShardFile[];
  beforeAll(async () => {
    mnist = await loadMnist();
    files = cutDataShards(mnist);
  });

  test('[DS3] are 60 files of 1,000 samples in the data shard format', () => {
    expect(files.map((file) => file.index)).toEqual(Array.from({ length: 60 }, (_, index) => index));
    for (const file of files) {
      const shard = decodeDataShard(file.bytes);
      expect([file.samples, shard.samples, ...shard.shape]).toEqual([1_000, 1_000, 28, 28, 1]);
    }
  });

  test('[DS3] are named by the SHA-256 of their bytes', () => {
    for (const file of files) expect(file.path).toBe(`/data/${sha256(file.bytes).slice(0, 32)}.bin`);
    expect(new Set(files.map((file) => file.path)).size).toBe(60);
  });

  test('[DS3] hold every training sample exactly once, with its label', () => {
    const pairs = (images: Uint8Array, labels: Uint8Array) =>
      Array.from(
        labels,
        (label, index) => `${label} ${key(images.subarray(index * 784, (index + 1) * 784))}`,
      );
    const cut = files.flatMap(({ bytes }) => {
      const shard = decodeDataShard(bytes);
      return pairs(shard.images, shard.labels);
    });
    expect(cut.sort()).toEqual(pairs(mnist.train.images, mnist.train.labels).sort());
  });

  test('[DS3] are each a fair mix of digits', () => {
    for (const { bytes } of files) {
      const counts = new Array<number>(10).fill(0);
      decodeDataShard(bytes).labels.forEach((label) => (counts[label] = (counts[label] ?? 0) + 1));
      expect(Math.min(...counts)).toBeGreaterThan(50);
    }
  });

  test('[DS3] are the same on every machine and in every release', () => {
    expect(sha256(files.map((file) => file.path).join())).toBe(
      '655a8ac370636eb1153f0baafe25b6e4367eced4bfce6b00644f0e8b70eab27c',
    );
  });
});

/** Equal for equal images; the whole digest would be slow to compare 120,000 times. */
const key = (image: Uint8Array) => createHash('md5').update(image).digest('base64');
