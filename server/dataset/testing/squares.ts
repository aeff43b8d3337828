import { createGenerator } from '../../../shared/random/generator.ts';
import type { DatasetSource, LabelledImages } from '../dataset.ts';

const SHAPE: [number, number, number] = [4, 3, 3];
const CLASSES = 3;

/** Squares in one of three colours on noise: a data set unlike the others in every number of its description. */
export const squares: DatasetSource = {
  description: {
    name: 'squares',
    title: 'Squares',
    elementType: 'uint8',
    inputShape: SHAPE,
    classes: CLASSES,
    labelType: 'uint8',
    mean: [0.291107, 0.290407, 0.295113],
    deviation: [0.249565, 0.250218, 0.251785],
  },
  /** Leaves a last data shard with fewer. */
  samplesPerDataShard: 40,
  read: () => Promise.resolve({ train: draw(90, 1), test: draw(24, 2) }),
};

function draw(samples: number, seed: number): LabelledImages {
  const generator = createGenerator(seed);
  const [height, width, channels] = SHAPE;
  const labels = Uint8Array.from({ length: samples }, (_, sample) => sample % CLASSES);
  const images = Uint8Array.from({ length: samples * height * width * channels }, (_, index) => {
    const sample = Math.floor(index / (height * width * channels));
    return generator.below(64) + (index % channels === labels[sample] ? 128 : 0);
  });
  return { samples, shape: SHAPE, images, labels };
}
