import { layoutOf, type ParameterTensor } from '../../shared/model/layout.ts';
import type { Loss, ModelSpec } from '../../shared/model/spec.ts';
import type { Batch } from './batch.ts';
import {
  stagesOf,
  type ConvStage,
  type DenseStage,
  type Shape,
  type Stage,
  type StageActivation,
  type WeightedStage,
} from '../../shared/engine/stages.ts';

/*
 * The known answer: forward and backward pass as their definitions have them, one loop after the other, in
 * doubles. Slow, and written for nothing but to be seen to be right.
 */

export interface ReferenceGradient {
  /** Of the mean loss, flat in layout order. */
  gradient: Float64Array;
  loss: number;
  /** Every sample's largest logit, the first of equals, is that of its label. */
  right: boolean;
}

/** The gradient of the mean softmax cross-entropy over a batch. */
export function referenceGradient(
  spec: ModelSpec,
  parameters: Float32Array | Float64Array,
  batch: Batch,
): ReferenceGradient {
  const stages = stagesOf(spec);
  const gradient = new Float64Array(layoutOf(spec).length);
  const pixels = spec.input[0] * spec.input[1] * spec.input[2];
  let loss = 0;
  let right = true;
  for (let sample = 0; sample < batch.samples; sample++) {
    const image = Float64Array.from(batch.images.subarray(sample * pixels, (sample + 1) * pixels));
    const passes: Pass[] = [];
    let values: Float64Array = image;
    for (const stage of stages) {
      const pass = forward(stage, parameters, values);
      passes.push(pass);
      values = pass.output;
    }
    const label = batch.labels[sample] ?? 0;
    const result = LOSSES[spec.loss](values, label);
    right &&= result.right;
    loss += result.loss / batch.samples;
    let errors: Float64Array = result.errors.map((error) => error / batch.samples);
    for (const pass of passes.reverse()) errors = backward(pass, parameters, gradient, errors);
  }
  return { gradient, loss, right };
}

/** What a stage made of one sample, and what its backward pass needs to know. */
interface Pass {
  stage: Stage;
  input: Float64Array;
  output: Float64Array;
  /** For each output the element before pooling that it is, or -1 where the activation stopped it. */
  sources: Int32Array;
}

const at = (values: ArrayLike<number>, index: number) => values[index] ?? 0;
const sizeOf = ({ height, width, channels }: Shape) => height * width * channels;

function forward(stage: Stage, parameters: ArrayLike<number>, input: Float64Array): Pass {
  const before = 'weights' in stage ? compute(stage, parameters, input) : input;
  const shape = summedShape(stage);
  const side = poolSide(stage);
  const output = new Float64Array(sizeOf(stage.output));
  const sources = new Int32Array(output.length);
  const { width, channels } = stage.output;
  output.forEach((_, index) => {
    const channel = index % channels;
    const pixel = Math.floor(index / channels);
    const row = Math.floor(pixel / width);
    const column = pixel % width;
    let best = -1;
    for (let y = row * side; y < (row + 1) * side; y++) {
      for (let x = column * side; x < (column + 1) * side; x++) {
        const source = (y * shape.width + x) * shape.channels + channel;
        if (best < 0 || at(before, source) > at(before, best)) best = source;
      }
    }
    const stopped = STOPS[stage.activation](at(before, best));
    output[index] = stopped ? 0 : at(before, best);
    sources[index] = stopped ? -1 : best;
  });
  return { stage, input, output, sources };
}

/** Whether an activation makes 0 of a value and lets no error back. */
const STOPS: Record<StageActivation, (value: number) => boolean> = {
  none: () => false,
  relu: (value) => value <= 0,
};

/** Of what a stage has before activation and pooling. */
function summedShape(stage: Stage): Shape {
  switch (stage.op) {
    case 'conv':
      return stage.convolved;
    case 'pool':
      return stage.input;
    case 'dense':
      return stage.output;
  }
}

function poolSide(stage: Stage): number {
  switch (stage.op) {
    case 'conv':
    case 'pool':
      return stage.pool;
    case 'dense':
      return 1;
  }
}

/** The weighted sums of a stage, before activation and pooling. */
function compute(stage: WeightedStage, parameters: ArrayLike<number>, input: Float64Array): Float64Array {
  const shape = summedShape(stage);
  const sums = Float64Array.from({ length: sizeOf(shape) }, (_, index) =>
    at(parameters, stage.bias.offset + (index % shape.channels)),
  );
  connections(stage, (from, weight, to) => {
    sums[to] = at(sums, to) + at(input, from) * at(parameters, weight);
  });
  return sums;
}

/** Adds a stage's gradients; gives the error of its input. */
function backward(
  { stage, input, sources }: Pass,
  parameters: ArrayLike<number>,
  gradient: Float64Array,
  errors: Float64Array,
): Float64Array {
  const sums = new Float64Array(sizeOf(summedShape(stage)));
  addFrom(sums, sources, errors);
  if (!('weights' in stage)) return sums;
  const { channels } = stage.output;
  sums.forEach((error, index) => {
    const bias = stage.bias.offset + (index % channels);
    gradient[bias] = at(gradient, bias) + error;
  });
  const inputErrors = new Float64Array(input.length);
  connections(stage, (from, weight, to) => {
    const error = at(sums, to);
    gradient[weight] = at(gradient, weight) + error * at(input, from);
    inputErrors[from] = at(inputErrors, from) + error * at(parameters, weight);
  });
  return inputErrors;
}

function addFrom(errors: Float64Array, sources: Int32Array, given: Float64Array): void {
  sources.forEach((source, index) => {
    if (source >= 0) errors[source] = at(errors, source) + at(given, index);
  });
}

type Visit = (from: number, weight: number, to: number) => void;

/** Visits each (input element, weight, output element) that a stage multiplies. */
function connections(stage: WeightedStage, visit: Visit): void {
  switch (stage.op) {
    case 'conv':
      convConnections(stage, visit);
      return;
    case 'dense':
      denseConnections(stage, visit);
      return;
  }
}

function denseConnections({ input, weights, output }: DenseStage, visit: Visit): void {
  const outputs = output.channels;
  for (let from = 0; from < sizeOf(input); from++) {
    for (let to = 0; to < outputs; to++) visit(from, weights.offset + from * outputs + to, to);
  }
}

function convConnections(stage: ConvStage, visit: Visit): void {
  const { input, weights, kernel, stride, padTop, padLeft, convolved } = stage;
  for (let row = 0; row < convolved.height; row++) {
    for (let column = 0; column < convolved.width; column++) {
      for (let ky = 0; ky < kernel; ky++) {
        const y = row * stride + ky - padTop;
        if (y < 0 || y >= input.height) continue;
        for (let kx = 0; kx < kernel; kx++) {
          const x = column * stride + kx - padLeft;
          if (x < 0 || x >= input.width) continue;
          for (let channel = 0; channel < input.channels; channel++) {
            const from = (y * input.width + x) * input.channels + channel;
            const weight =
              weights.offset + ((ky * kernel + kx) * input.channels + channel) * convolved.channels;
            const to = (row * convolved.width + column) * convolved.channels;
            for (let out = 0; out < convolved.channels; out++) visit(from, weight + out, to + out);
          }
        }
      }
    }
  }
}

/** What a loss says of the logits of one sample. */
interface SampleLoss {
  loss: number;
  /** Its derivative by each logit. */
  errors: Float64Array;
  /** The largest logit, the first of equals, is that of the label. */
  right: boolean;
}

const LOSSES: Record<Loss, (logits: Float64Array, label: number) => SampleLoss> = {
  'softmax-cross-entropy': (logits, label) => {
    const scores = softmax(logits);
    return {
      loss: -Math.log(scores[label] ?? 0),
      errors: scores.map((score, index) => score - (index === label ? 1 : 0)),
      right: scores.indexOf(Math.max(...scores)) === label,
    };
  },
};

function softmax(logits: Float64Array): Float64Array {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Norm of the difference over the norm, of one tensor of two flat vectors. */
export function relativeError(
  tensor: Pick<ParameterTensor, 'offset' | 'length'>,
  values: ArrayLike<number>,
  expected: ArrayLike<number>,
): number {
  let difference = 0;
  let norm = 0;
  for (let index = tensor.offset; index < tensor.offset + tensor.length; index++) {
    difference += ((values[index] ?? NaN) - at(expected, index)) ** 2;
    norm += at(expected, index) ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}
