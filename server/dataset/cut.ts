import { createHash } from 'node:crypto';
import { encodeDataShard } from '../../shared/dataset/dataShard.ts';
import { permutation } from '../../shared/random/generator.ts';
import type { DataShardFile, Dataset, DatasetSource, LabelledImages } from './dataset.ts';
import { DatasetError } from './errors.ts';
import { parseManifest, type DatasetPart, type ElementType } from './manifest.ts';

/** Changing it changes every data shard's content, hence its name: no cache can hold a stale one. */
const CUT_SEED = 1998;

/** Whether the format of shared/dataset/dataShard.ts holds images of such elements. */
const IS_CARRIED: Record<ElementType, boolean> = { uint8: true, float32: false };

/**
 * Reads a data set and cuts it into data shards.
 * @throws {DatasetError} where it cannot be read, data shards cannot carry it, or its manifest is wrong [DS10].
 */
export async function loadDataset({
  description,
  samplesPerDataShard,
  read,
}: DatasetSource): Promise<Dataset> {
  const { name, elementType } = description;
  if (!IS_CARRIED[elementType]) {
    throw new DatasetError(`data set ${name}: data shards cannot carry ${elementType} images yet`);
  }
  const parts = await read();
  const train = cutDataShards(parts.train, samplesPerDataShard);
  // One data shard: it is measured whole.
  const test = dataShardFile(0, parts.test);
  const manifest = parseManifest({
    ...description,
    hash: datasetHash(train, [test]),
    train: partOf(train),
    test: partOf([test]),
  });
  return { manifest, train, test: parts.test };
}

/**
 * Cuts a training set under one fixed permutation: each sample is in exactly one data shard, and each data shard
 * has a mix of classes whatever order the original is in [DS3]. The last one has what is left.
 */
function cutDataShards(train: LabelledImages, samplesPerDataShard: number): DataShardFile[] {
  const order = permutation(CUT_SEED, train.samples);
  return Array.from({ length: Math.ceil(order.length / samplesPerDataShard) }, (_, index) =>
    dataShardFile(
      index,
      pick(train, order.subarray(index * samplesPerDataShard, (index + 1) * samplesPerDataShard)),
    ),
  );
}

function dataShardFile(index: number, content: LabelledImages): DataShardFile {
  const bytes = encodeDataShard(content);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { index, samples: content.samples, hash, path: `/data/${hash.slice(0, 32)}.bin`, bytes };
}

function partOf(files: readonly DataShardFile[]): DatasetPart {
  return {
    samples: files.reduce((sum, { samples }) => sum + samples, 0),
    dataShards: files.map(({ hash, samples }) => ({ hash, samples })),
  };
}

/** SHA-256 over one line `train <hash>` or `test <hash>` for each data shard, in the order of the manifest [DS11]. */
function datasetHash(train: readonly DataShardFile[], test: readonly DataShardFile[]): string {
  const hash = createHash('sha256');
  for (const file of train) hash.update(`train ${file.hash}\n`);
  for (const file of test) hash.update(`test ${file.hash}\n`);
  return hash.digest('hex');
}

/** The samples that `members` names, in its order. */
function pick(from: LabelledImages, members: Uint32Array): LabelledImages {
  const [height, width, channels] = from.shape;
  const pixels = height * width * channels;
  const images = new Uint8Array(members.length * pixels);
  const labels = new Uint8Array(members.length);
  members.forEach((member, position) => {
    images.set(from.images.subarray(member * pixels, (member + 1) * pixels), position * pixels);
    labels.set(from.labels.subarray(member, member + 1), position);
  });
  return { samples: members.length, shape: from.shape, images, labels };
}
