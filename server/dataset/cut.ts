import { createHash } from 'node:crypto';
import { encodeDataShard } from '../../shared/dataset/dataShard.ts';
import { permutation } from '../../shared/random/generator.ts';
import type { LabelledImages, Mnist } from './mnist.ts';

/** A data shard as it is served. */
export interface DataShardFile {
  index: number;
  samples: number;
  /** `/data/<first 32 hex digits of the SHA-256 of the bytes>.bin`. */
  path: string;
  /** In the format of shared/dataset/dataShard.ts. */
  bytes: Uint8Array;
}

/** 785 KB raw and 160 KB on the wire: a phone has its first one in about a second, and a unit fits in one. */
const SAMPLES_PER_DATA_SHARD = 1_000;

/** Changing it changes every data shard's content, hence its name: no cache can hold a stale one. */
const CUT_SEED = 1998;

/**
 * Cuts the training set into data shards of 1,000 samples, 60 for MNIST, under one fixed permutation: each
 * sample is in exactly one of them, and each has a mix of digits though the original is in writers' order [DS3].
 */
export function cutDataShards(mnist: Mnist): DataShardFile[] {
  const order = permutation(CUT_SEED, mnist.train.samples);
  return Array.from({ length: Math.ceil(order.length / SAMPLES_PER_DATA_SHARD) }, (_, index) => {
    const members = order.subarray(index * SAMPLES_PER_DATA_SHARD, (index + 1) * SAMPLES_PER_DATA_SHARD);
    const bytes = encodeDataShard(pick(mnist.train, members));
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    return { index, samples: members.length, path: `/data/${hash}.bin`, bytes };
  });
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
