import { createGenerator, deriveSeed } from '../random/generator.ts';
import { layoutOf, type ParameterTensor } from './layout.ts';
import type { ModelSpec } from './spec.ts';

/**
 * The first parameters of a run, a flat float32 vector in layout order. Each tensor draws from a stream of its
 * own, so that a change to one layer leaves the others' values alone [MD4].
 */
export function initialParameters(spec: ModelSpec, seed: number): Float32Array {
  const layout = layoutOf(spec);
  const parameters = new Float32Array(layout.length);
  layout.tensors.forEach((tensor, index) => {
    const bound = UNIFORM_BOUNDS[spec.initialiser][tensor.part](tensor);
    if (bound === 0) return;
    const generator = createGenerator(deriveSeed(seed, index));
    for (let element = 0; element < tensor.length; element++) {
      parameters[tensor.offset + element] = (2 * generator.float() - 1) * bound;
    }
  });
  return parameters;
}

type Initialiser = ModelSpec['initialiser'];

/** Half-width of the uniform distribution a tensor starts from, by its part; 0 means zeros. */
const UNIFORM_BOUNDS: Record<
  Initialiser,
  Record<ParameterTensor['part'], (tensor: ParameterTensor) => number>
> = {
  /** PyTorch's default is kaiming_uniform with a = sqrt(5): 1 / sqrt(fan in) for kernels and biases alike. */
  pytorch: {
    kernel: ({ fanIn }) => 1 / Math.sqrt(fanIn),
    bias: ({ fanIn }) => 1 / Math.sqrt(fanIn),
  },
  /** Glorot and Bengio 2010. */
  'glorot-uniform': {
    kernel: ({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + fanOut)),
    bias: () => 0,
  },
  /** He et al. 2015. */
  'he-uniform': {
    kernel: ({ fanIn }) => Math.sqrt(6 / fanIn),
    bias: () => 0,
  },
};
