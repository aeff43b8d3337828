import { ModelSpecError, outputShapes, type Layer, type ModelSpec } from './spec.ts';

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
  spec.layers.forEach((layer, index) => {
    const input = index === 0 ? spec.input : (shapes[index - 1] ?? []);
    for (const { part, shape, ...fans } of partsOf(layer, input.at(-1) ?? 0)) {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      tensors.push({
        name: `${index}.${layer.kind}.${part}`,
        part,
        shape,
        offset: length,
        length: size,
        ...fans,
      });
      length += size;
      if (length > MAX_PARAMETERS) throw new ModelSpecError(`model: more than ${MAX_PARAMETERS} parameters`);
    }
  });
  return { tensors, length };
}

/** The tensors of a layer, in order; `channels` is the last dimension of its input. */
function partsOf(
  layer: Layer,
  channels: number,
): Pick<ParameterTensor, 'part' | 'shape' | 'fanIn' | 'fanOut'>[] {
  switch (layer.kind) {
    case 'conv2d': {
      const window = layer.kernel * layer.kernel;
      const fanIn = window * channels;
      const fanOut = window * layer.filters;
      return [
        { part: 'kernel', shape: [layer.kernel, layer.kernel, channels, layer.filters], fanIn, fanOut },
        { part: 'bias', shape: [layer.filters], fanIn, fanOut },
      ];
    }
    case 'dense': {
      const fanIn = channels;
      const fanOut = layer.units;
      return [
        { part: 'kernel', shape: [channels, layer.units], fanIn, fanOut },
        { part: 'bias', shape: [layer.units], fanIn, fanOut },
      ];
    }
    case 'relu':
    case 'maxPool':
    case 'flatten':
      return [];
  }
}
