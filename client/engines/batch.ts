import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { permutation } from '../../shared/random/generator.ts';

/** Images as the network sees them (normalised, NHWC) and their labels. */
export interface Batch {
  samples: number;
  images: Float32Array;
  labels: Uint8Array;
}

/**
 * The samples a work unit visits: `count` of them, from `start` on, of the endless order that is the data shard's
 * permutation under the seed, then under the seed after it, and so on [UN1].
 * @param samples of the data shard.
 * @throws {RangeError} when the data shard is empty.
 */
export function unitOrder(seed: number, start: number, samples: number, count: number): Uint32Array {
  if (samples < 1) throw new RangeError('a unit cannot visit an empty data shard');
  const order = new Uint32Array(count);
  let pass = Math.floor(start / samples);
  let from = start % samples;
  for (let filled = 0; filled < count; pass++) {
    const part = permutation(seed + pass, samples).subarray(from, from + count - filled);
    order.set(part, filled);
    filled += part.length;
    from = 0;
  }
  return order;
}

/** Picks samples of a data shard and normalises their pixels as the model asks. */
export function gatherBatch(shard: DataShard, order: Uint32Array, normalise: ModelSpec['normalise']): Batch {
  const pixels = shard.shape[0] * shard.shape[1] * shard.shape[2];
  const images = new Float32Array(order.length * pixels);
  const labels = new Uint8Array(order.length);
  order.forEach((sample, row) => {
    labels[row] = shard.labels[sample] ?? 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = (shard.images[sample * pixels + pixel] ?? 0) / 255;
      images[row * pixels + pixel] = (value - normalise.mean) / normalise.deviation;
    }
  });
  return { samples: order.length, images, labels };
}
