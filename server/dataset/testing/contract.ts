import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeDataShard, encodeDataShard } from '../../../shared/dataset/dataShard.ts';
import { loadDataset } from '../cut.ts';
import type { Dataset, DatasetSource, LabelledImages, LabelledParts } from '../dataset.ts';
import { parseManifest } from '../manifest.ts';
import { channelStatistics } from './measure.ts';

/** What every data set of `DATASETS` has to be. */
export function datasetContract(name: string, source: DatasetSource): void {
  describe(`the data set ${name}`, () => {
    let parts: LabelledParts;
    let dataset: Dataset;
    beforeAll(async () => {
      parts = await source.read();
      dataset = await loadDataset({ ...source, read: () => Promise.resolve(parts) });
    });
    const decoded = () => dataset.train.map(({ bytes }) => decodeDataShard(bytes));

    it('[DS9] has a manifest under its name in the table', () => {
      expect(source.description.name).toBe(name);
      expect(parseManifest(dataset.manifest)).toEqual(dataset.manifest);
      expect(dataset.manifest).toMatchObject(source.description);
    });

    it('[DS9] has a manifest that counts what the files hold', () => {
      const { train, test } = dataset.manifest;
      expect([train.samples, test.samples]).toEqual([parts.train.samples, parts.test.samples]);
    });

    it('[DS3] names each data shard by the SHA-256 of its bytes, in the order of the manifest', () => {
      const hashes = dataset.train.map(({ bytes }) => sha256(bytes));
      expect(dataset.manifest.train.dataShards.map(({ hash }) => hash)).toEqual(hashes);
      expect(dataset.train.map(({ path }) => path)).toEqual(
        hashes.map((hash) => `/data/${hash.slice(0, 32)}.bin`),
      );
      expect(new Set(hashes).size).toBe(hashes.length);
      expect(dataset.train.map(({ index }) => index)).toEqual([...hashes.keys()]);
    });

    it('[DS11] has a test part that is one data shard, by the SHA-256 of its bytes', () => {
      expect(dataset.manifest.test.dataShards).toEqual([
        { hash: sha256(encodeDataShard(dataset.test)), samples: dataset.test.samples },
      ]);
    });

    it('[DS11] has a hash that follows from those of its data shards', () => {
      const { train, test, hash } = dataset.manifest;
      const lines = [
        ...train.dataShards.map((dataShard) => `train ${dataShard.hash}\n`),
        ...test.dataShards.map((dataShard) => `test ${dataShard.hash}\n`),
      ];
      expect(hash).toBe(sha256(lines.join('')));
    });

    it('[DS3] has data shards of the size that it names, the last of what is left', () => {
      const sizes = dataset.manifest.train.dataShards.map(({ samples }) => samples);
      expect(dataset.train.map(({ samples }) => samples)).toEqual(sizes);
      expect(decoded().map(({ samples }) => samples)).toEqual(sizes);
      expect(new Set(sizes.slice(0, -1))).toEqual(
        new Set(sizes.length > 1 ? [source.samplesPerDataShard] : []),
      );
      expect(sizes.at(-1)).toBeLessThanOrEqual(source.samplesPerDataShard);
    });

    it('[DS9] has images of its shape and every label below its classes', () => {
      for (const { shape, labels } of [...decoded(), dataset.test]) {
        expect(shape).toEqual(source.description.inputShape);
        expect(labels.every((label) => label < source.description.classes)).toBe(true);
      }
      for (const { labels } of [parts.train, parts.test]) {
        expect(new Set(labels).size).toBe(source.description.classes);
      }
    });

    it('[DS3] has every training sample in exactly one data shard, with its label', () => {
      expect(decoded().flatMap(keysOf).toSorted()).toEqual(keysOf(parts.train).toSorted());
    });

    it('[DS12] has no image in both parts', () => {
      const trained = new Set(imageKeysOf(parts.train));
      expect(imageKeysOf(parts.test).filter((key) => trained.has(key))).toEqual([]);
    });

    it('[DS13] has the mean and deviation by channel that its training images have, to six places', () => {
      const { mean, deviation } = channelStatistics(parts.train);
      const { description } = source;
      expect({ mean: description.mean, deviation: description.deviation }).toEqual({
        mean: mean.map(toSixPlaces),
        deviation: deviation.map(toSixPlaces),
      });
    });
  });
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const toSixPlaces = (value: number) => Number(value.toFixed(6));

/** A key for each image, equal for equal ones; a whole digest would be slow to compare for every sample. */
function imageKeysOf({ images, labels }: LabelledImages): string[] {
  const pixels = images.length / labels.length;
  return Array.from(labels, (_, index) =>
    createHash('md5')
      .update(images.subarray(index * pixels, (index + 1) * pixels))
      .digest('base64'),
  );
}

/** The same with its label. */
function keysOf(part: LabelledImages): string[] {
  return imageKeysOf(part).map((key, index) => `${part.labels[index] ?? ''} ${key}`);
}
