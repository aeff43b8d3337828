import type { LabelledImages } from '../dataset.ts';

/** Mean and standard deviation of images by channel, of pixels from 0 to 1. */
export interface ChannelStatistics {
  mean: number[];
  deviation: number[];
}

/** What the manifest of a data set has to say of its training images; both are summed up in whole numbers. */
export function channelStatistics({ images, shape }: LabelledImages): ChannelStatistics {
  const [height, width, channels] = shape;
  const count = images.length / channels;
  if (!Number.isInteger(count / (height * width))) throw new RangeError('images are not of their shape');
  const sums = new Array<number>(channels).fill(0);
  const squares = new Array<number>(channels).fill(0);
  images.forEach((value, index) => {
    const channel = index % channels;
    sums[channel] = (sums[channel] ?? 0) + value;
    squares[channel] = (squares[channel] ?? 0) + value * value;
  });
  const mean = sums.map((sum) => sum / count);
  const deviation = squares.map((sum, channel) => Math.sqrt(sum / count - (mean[channel] ?? 0) ** 2));
  return { mean: mean.map((value) => value / 255), deviation: deviation.map((value) => value / 255) };
}
