import { decodeDataShard, type DataShard } from '../../shared/dataset/dataShard.ts';
import { loadDataset } from '../../server/dataset/cut.ts';
import { DATASETS } from '../../server/dataset/datasets.ts';
import { permutation } from '../../shared/random/generator.ts';
import type { Dataset } from '../../server/dataset/dataset.ts';

/** What the cells of one process are trained and measured on. */
export interface Images {
  train: Dataset['train'];
  /** By index. */
  honest: readonly DataShard[];
  /** The same with each label y as 9 - y. */
  flipped: readonly DataShard[];
  test: DataShard;
}

/** How images are divided between devices. */
export const PARTITIONS = ['iid', 'twoClasses'] as const;
export type Partition = (typeof PARTITIONS)[number];

/** The images of one device. */
export interface OwnImages {
  honest: DataShard;
  /** The same with each label y as 9 - y. */
  flipped: DataShard;
}

/** Pieces that a device has of the images in the order of their labels (McMahan et al. 2017). */
const PIECES = 2;

/** The order of all images in which each device has a stretch, by seed. */
const ORDERS: Readonly<
  Record<Partition, (labels: Uint8Array, devices: number, seed: number) => Uint32Array>
> = {
  iid: (labels, _, seed) => permutation(seed, labels.length),
  twoClasses: (labels, devices, seed) => {
    const sorted = permutation(seed, labels.length).toSorted(
      (left, right) => (labels[left] ?? 0) - (labels[right] ?? 0),
    );
    const length = Math.floor(sorted.length / (PIECES * devices));
    const pieces = permutation(seed + 1, PIECES * devices);
    return Uint32Array.from(
      [...pieces].flatMap((piece) => [...sorted.subarray(piece * length, (piece + 1) * length)]),
    );
  },
};

/** The training images, divided between devices. */
export function partOf(
  { honest }: Images,
  partition: Partition,
  { devices, seed }: { devices: number; seed: number },
): OwnImages[] {
  const all = joined(honest);
  const order = ORDERS[partition](all.labels, devices, seed);
  const length = Math.floor(order.length / devices);
  return Array.from({ length: devices }, (_, device) => {
    const own = samplesAt(all, order.subarray(device * length, (device + 1) * length));
    return { honest: own, flipped: flippedOf(own) };
  });
}

function joined(shards: readonly DataShard[]): DataShard {
  const [first] = shards;
  if (first === undefined) throw new RangeError('there are no data shards');
  const samples = shards.reduce((sum, shard) => sum + shard.samples, 0);
  const images = new Uint8Array(samples * (first.images.length / first.samples));
  const labels = new Uint8Array(samples);
  let at = 0;
  for (const shard of shards) {
    images.set(shard.images, (at * shard.images.length) / shard.samples);
    labels.set(shard.labels, at);
    at += shard.samples;
  }
  return { ...first, samples, images, labels };
}

/** The samples with these numbers, in this order. */
export function samplesAt(all: DataShard, numbers: Uint32Array): DataShard {
  const pixels = all.images.length / all.samples;
  const images = new Uint8Array(numbers.length * pixels);
  numbers.forEach((number, place) => {
    images.set(all.images.subarray(number * pixels, (number + 1) * pixels), place * pixels);
  });
  return {
    ...all,
    samples: numbers.length,
    images,
    labels: Uint8Array.from(numbers, (number) => all.labels[number] ?? 0),
  };
}

/** Of ten classes. */
const HIGHEST = 9;
const flippedOf = (shard: DataShard): DataShard => ({
  ...shard,
  labels: shard.labels.map((label) => HIGHEST - label),
});

export async function loadImages(): Promise<Images> {
  const { train, test } = await loadDataset(DATASETS.mnist);
  const honest = train.map(({ bytes }) => decodeDataShard(bytes));
  return { train, honest, flipped: honest.map(flippedOf), test };
}
