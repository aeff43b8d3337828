import type { Batch } from '../../../shared/engine/engine.ts';
import { layoutOf } from '../../../shared/model/layout.ts';
import { outputShapes, type Layer, type ModelSpec } from '../../../shared/model/spec.ts';

/* A model in plain loops over doubles, written from the definitions and from nothing that tfjs does. */

type Shape = readonly number[];
type Conv2d = Extract<Layer, { kind: 'conv2d' }>;

/** The mean softmax cross-entropy of a batch. */
export function referenceLoss(spec: ModelSpec, parameters: Float64Array, batch: Batch): number {
  const pixels = batch.images.length / batch.samples;
  let sum = 0;
  for (let sample = 0; sample < batch.samples; sample++) {
    const image = Float64Array.from(batch.images.subarray(sample * pixels, (sample + 1) * pixels));
    const logits = referenceLogits(spec, parameters, image);
    const highest = Math.max(...logits);
    const total = logits.reduce((partial, logit) => partial + Math.exp(logit - highest), 0);
    sum += highest + Math.log(total) - (logits[batch.labels[sample] ?? 0] ?? NaN);
  }
  return sum / batch.samples;
}

/** The derivative of the loss by one parameter, by central differences. */
export function finiteDifference(
  spec: ModelSpec,
  parameters: Float64Array,
  batch: Batch,
  index: number,
): number {
  const step = 1e-6;
  const at = (change: number) =>
    referenceLoss(spec, parameters.with(index, (parameters[index] ?? NaN) + change), batch);
  return (at(step) - at(-step)) / (2 * step);
}

/** The logits of one image in NHWC order. */
export function referenceLogits(
  spec: ModelSpec,
  parameters: Float64Array,
  image: Float64Array,
): Float64Array {
  const shapes = outputShapes(spec);
  const { tensors } = layoutOf(spec);
  let next = 0;
  const take = () => {
    const tensor = tensors[next++];
    return parameters.subarray(tensor?.offset, (tensor?.offset ?? 0) + (tensor?.length ?? 0));
  };
  return spec.layers.reduce((input, layer, index) => {
    const from = index === 0 ? spec.input : (shapes[index - 1] ?? []);
    const to = shapes[index] ?? [];
    switch (layer.kind) {
      case 'relu':
        return input.map((value) => Math.max(0, value));
      case 'flatten':
        return input;
      case 'dense':
        return dense(input, take(), take(), layer.units);
      case 'maxPool':
        return maxPool(input, from, to, layer.size);
      case 'conv2d':
        return convolve(input, from, to, layer, take(), take());
    }
  }, image);
}

function dense(input: Float64Array, kernel: Float64Array, bias: Float64Array, units: number): Float64Array {
  return bias.map((start, unit) =>
    input.reduce((sum, value, index) => sum + value * (kernel[index * units + unit] ?? NaN), start),
  );
}

function maxPool(
  input: Float64Array,
  from: Shape,
  [height = 0, width = 0, channels = 0]: Shape,
  size: number,
) {
  const output = new Float64Array(height * width * channels).fill(-Infinity);
  const fromWidth = from[1] ?? 0;
  for (let row = 0; row < height * size; row++) {
    for (let column = 0; column < width * size; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const place = (Math.floor(row / size) * width + Math.floor(column / size)) * channels + channel;
        const value = input[(row * fromWidth + column) * channels + channel] ?? NaN;
        output[place] = Math.max(output[place] ?? NaN, value);
      }
    }
  }
  return output;
}

/** Cells outside the image are zeros; `same` has the odd one of them after the image. */
function convolve(
  input: Float64Array,
  [fromHeight = 0, fromWidth = 0, channels = 0]: Shape,
  [height = 0, width = 0, filters = 0]: Shape,
  { kernel: size, stride, padding }: Conv2d,
  kernel: Float64Array,
  bias: Float64Array,
): Float64Array {
  const before = (inside: number, outside: number) =>
    padding === 'valid' ? 0 : Math.floor(Math.max(0, (outside - 1) * stride + size - inside) / 2);
  const [top, left] = [before(fromHeight, height), before(fromWidth, width)];
  const output = new Float64Array(height * width * filters);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const sums = output.subarray((row * width + column) * filters, (row * width + column + 1) * filters);
      sums.set(bias);
      for (let cell = 0; cell < size * size * channels; cell++) {
        const y = row * stride - top + Math.floor(cell / (size * channels));
        const x = column * stride - left + (Math.floor(cell / channels) % size);
        if (y < 0 || y >= fromHeight || x < 0 || x >= fromWidth) continue;
        const value = input[(y * fromWidth + x) * channels + (cell % channels)] ?? NaN;
        for (let filter = 0; filter < filters; filter++) {
          sums[filter] = (sums[filter] ?? NaN) + value * (kernel[cell * filters + filter] ?? NaN);
        }
      }
    }
  }
  return output;
}
