import { layoutOf, type ParameterTensor } from '../model/layout.ts';
import { outputShapes, type ModelSpec } from '../model/spec.ts';

/** Height, width and channels of one sample between two stages; a flat row is 1 x 1 x features. */
export interface Shape {
  height: number;
  width: number;
  channels: number;
}

interface StageBase {
  /** Of the image before flattening, where the stage is the first dense one. */
  input: Shape;
  /** Negative outputs become 0, before or after pooling: both are monotone, so the order makes no difference. */
  relu: boolean;
}

/** A convolution with its bias, then max-pooling. */
export interface ConvStage extends StageBase {
  op: 'conv';
  kernel: number;
  stride: number;
  /** Rows and columns of zeros before the first of the input. */
  padTop: number;
  padLeft: number;
  /** Of the convolution, before pooling; what the pool drops at the edge is not computed. */
  convolved: Shape;
  /** Side of the pooling window; 1 where there is none. */
  pool: number;
  output: Shape;
  weights: ParameterTensor;
  bias: ParameterTensor;
}

/** Max-pooling or ReLU with no convolution right before it. */
export interface PoolStage extends StageBase {
  op: 'pool';
  pool: number;
  output: Shape;
}

/** A dense layer with its bias; it reads its input flattened in NHWC order. */
export interface DenseStage extends StageBase {
  op: 'dense';
  output: Shape;
  weights: ParameterTensor;
  bias: ParameterTensor;
}

export type Stage = ConvStage | PoolStage | DenseStage;

/**
 * Joins the layers of a model into the stages that fused kernels compute at a time: each convolution or dense
 * layer with the ReLU and the pooling that follow it. The last stage's output is the logits.
 */
export function stagesOf(spec: ModelSpec): Stage[] {
  const shapes = outputShapes(spec);
  const tensors = [...layoutOf(spec).tensors];
  const take = () => {
    const tensor = tensors.shift();
    if (tensor === undefined) throw new RangeError('stages: fewer tensors than layers');
    return tensor;
  };
  const stages: Stage[] = [];
  let input: Shape = { height: spec.input[0], width: spec.input[1], channels: spec.input[2] };
  spec.layers.forEach((layer, index) => {
    const output = shapeOf(shapes[index] ?? []);
    const last = stages.at(-1);
    switch (layer.kind) {
      case 'conv2d': {
        const { kernel, stride } = layer;
        const pad = (size: number, out: number) =>
          layer.padding === 'same' ? Math.floor(Math.max(0, (out - 1) * stride + kernel - size) / 2) : 0;
        const padTop = pad(input.height, output.height);
        const padLeft = pad(input.width, output.width);
        const weights = take();
        const bias = take();
        const size = { kernel, stride, padTop, padLeft, pool: 1 };
        stages.push({ op: 'conv', input, relu: false, ...size, convolved: output, output, weights, bias });
        break;
      }
      case 'dense':
        stages.push({ op: 'dense', input, relu: false, output, weights: take(), bias: take() });
        break;
      case 'relu':
        if (last === undefined) stages.push({ op: 'pool', input, relu: true, pool: 1, output: input });
        else last.relu = true;
        return;
      case 'maxPool':
        if (last?.op === 'conv' && last.pool === 1) Object.assign(last, { pool: layer.size, output });
        else stages.push({ op: 'pool', input, relu: false, pool: layer.size, output });
        break;
      case 'flatten':
        // The values stay where they are: who reads them next knows the image's shape.
        return;
    }
    input = output;
  });
  return stages;
}

function shapeOf(shape: number[]): Shape {
  const [height = 1, width = 1, channels = 1] = shape.length === 1 ? [1, 1, shape[0]] : shape;
  return { height, width, channels };
}
