import { layoutOf, type ParameterTensor } from '../model/layout.ts';
import { outputShapes, PADDINGS, type Activation, type ModelSpec } from '../model/spec.ts';

/** What a stage does to its outputs; `none` leaves them as they are. */
export type StageActivation = Activation | 'none';

/** Height, width and channels of one sample between two stages; a flat row is 1 x 1 x features. */
export interface Shape {
  height: number;
  width: number;
  channels: number;
}

interface StageBase {
  /** Of the image before flattening, where the stage is the first dense one. */
  input: Shape;
  /** Of the outputs, before or after pooling: all are monotone, so the order makes no difference. */
  activation: StageActivation;
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

/** Max-pooling or an activation with no convolution right before it. */
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
/** A stage that has parameters. */
export type WeightedStage = Extract<Stage, { weights: ParameterTensor }>;

const NO_ACTIVATION = 'none';

/**
 * Joins the layers of a model into the stages that fused kernels compute at a time: each convolution or dense
 * layer with the activation and the pooling that follow it. The last stage's output is the logits.
 */
export function stagesOf(spec: ModelSpec): Stage[] {
  const shapes = outputShapes(spec);
  const tensors = [...layoutOf(spec).tensors];
  const take = () => {
    const tensor = tensors.shift();
    if (tensor === undefined) throw new RangeError('stages: fewer tensors than layers');
    return tensor;
  };
  const activation = NO_ACTIVATION;
  const stages: Stage[] = [];
  const image: Shape = { height: spec.input[0], width: spec.input[1], channels: spec.input[2] };
  // From the input of each layer to that of the next.
  spec.layers.reduce<Shape>((input, layer, index) => {
    const output = shapeOf(shapes[index] ?? []);
    const last = stages.at(-1);
    switch (layer.kind) {
      case 'conv2d': {
        const { kernel, stride } = layer;
        const pad = (size: number, out: number) =>
          PADDINGS[layer.padding].before({ size, kernel, stride }, out);
        const padTop = pad(input.height, output.height);
        const padLeft = pad(input.width, output.width);
        const weights = take();
        const bias = take();
        const size = { kernel, stride, padTop, padLeft, pool: 1 };
        stages.push({ op: 'conv', input, activation, ...size, convolved: output, output, weights, bias });
        return output;
      }
      case 'dense':
        stages.push({ op: 'dense', input, activation, output, weights: take(), bias: take() });
        return output;
      case 'relu':
        if (last !== undefined && takes(last, layer.kind)) last.activation = layer.kind;
        else stages.push({ op: 'pool', input, activation: layer.kind, pool: 1, output: input });
        return input;
      case 'maxPool':
        if (last?.op === 'conv' && last.pool === 1) Object.assign(last, { pool: layer.size, output });
        else stages.push({ op: 'pool', input, activation, pool: layer.size, output });
        return output;
      case 'flatten':
        // The values stay where they are: who reads them next knows the image's shape.
        return input;
    }
  }, image);
  return stages;
}

/** An activation that follows itself changes nothing more; one that follows another is a stage of its own. */
const takes = ({ activation }: Stage, next: StageActivation) =>
  activation === NO_ACTIVATION || activation === next;

function shapeOf(shape: number[]): Shape {
  const [height = 1, width = 1, channels = 1] = shape.length === 1 ? [1, 1, shape[0]] : shape;
  return { height, width, channels };
}
