import type { DataShard } from '../../shared/dataset/dataShard.ts';

/** At most `count` samples of a data shard, spread evenly over it: of data in the order of its labels, each label. */
export function sampleOf(shard: DataShard, count: number): DataShard {
  if (shard.samples <= count) return shard;
  const size = shard.images.length / shard.samples;
  const chosen = Array.from({ length: count }, (_, index) => Math.floor((index * shard.samples) / count));
  const images = new Uint8Array(count * size);
  chosen.forEach((sample, index) =>
    images.set(shard.images.subarray(sample * size, (sample + 1) * size), index * size),
  );
  return {
    samples: count,
    shape: shard.shape,
    images,
    labels: Uint8Array.from(chosen, (sample) => shard.labels[sample] ?? 0),
  };
}
