import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';

/** Images as the network sees them (normalised, NHWC) and their labels. */
export interface Batch {
  samples: number;
  images: Float32Array;
  labels: Uint8Array;
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
