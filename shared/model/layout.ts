import { ModelSpecError, outputShapes, type ModelSpec } from './spec.ts';

/** One tensor of the flat parameter vector. */
export interface ParameterTensor {
  /** For instance `0.conv2d.kernel`: layer index, kind, part. */
  name: string;
  /** Kernels HWIO, dense weights [inputs, outputs], biases [outputs]. */
  shape: number[];
  /** First element in the flat vector. */
  offset: number;
  length: number;
  /** Inputs that feed one output: what the initialisers scale by. */
  fanIn: number;
  fanOut: number;
  part: 'kernel' | 'bias';
}

/** The one truth for slicing, codecs, checkpoints and export: canonical order is that of the layers [MD2]. */
export interface ParameterLayout {
  tensors: ParameterTensor[];
  /** Number of float32 elements of the flat vector. */
  length: number;
}

/** More parameters than this are refused: 256 MiB of float32 a copy. */
const MAX_PARAMETERS = 1 << 26;

/**
 * Lays the parameters of a model out in one flat float32 vector.
 * @throws {ModelSpecError} where a layer does not fit or the model is too large.
 */
export function layoutOf(spec: ModelSpec): ParameterLayout {
  const shapes = outputShapes(spec);
  const tensors: ParameterTensor[] = [];
  let length = 0;
  const add = (
    name: string,
    part: ParameterTensor['part'],
    shape: number[],
    fanIn: number,
    fanOut: number,
  ) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    tensors.push({ name, part, shape, offset: length, length: size, fanIn, fanOut });
    length += size;
    if (length > MAX_PARAMETERS) throw new ModelSpecError(`model: more than ${MAX_PARAMETERS} parameters`);
  };
  spec.layers.forEach((layer, index) => {
    const input = index === 0 ? spec.input : (shapes[index - 1] ?? []);
    const channels = input.at(-1) ?? 0;
    const name = `${index}.${layer.kind}`;
    switch (layer.kind) {
      case 'conv2d': {
        const window = layer.kernel * layer.kernel;
        const fanIn = window * channels;
        const fanOut = window * layer.filters;
        add(`${name}.kernel`, 'kernel', [layer.kernel, layer.kernel, channels, layer.filters], fanIn, fanOut);
        add(`${name}.bias`, 'bias', [layer.filters], fanIn, fanOut);
        return;
      }
      case 'dense':
        add(`${name}.kernel`, 'kernel', [channels, layer.units], channels, layer.units);
        add(`${name}.bias`, 'bias', [layer.units], channels, layer.units);
        return;
      case 'relu':
      case 'maxPool':
      case 'flatten':
        return;
    }
  });
  return { tensors, length };
}
