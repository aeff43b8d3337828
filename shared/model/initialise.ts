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
    const bound = uniformBound(spec.initialiser, tensor);
    if (bound === 0) return;
    const generator = createGenerator(deriveSeed(seed, index));
    for (let element = 0; element < tensor.length; element++) {
      parameters[tensor.offset + element] = (2 * generator.float() - 1) * bound;
    }
  });
  return parameters;
}

/**
 * Half-width of the uniform distribution a tensor starts from; 0 means zeros.
 * PyTorch's default is kaiming_uniform with a = sqrt(5): 1 / sqrt(fan in) for kernels and biases alike.
 * Glorot and Bengio 2010; He et al. 2015.
 */
function uniformBound(initialiser: ModelSpec['initialiser'], tensor: ParameterTensor): number {
  switch (initialiser) {
    case 'pytorch':
      return 1 / Math.sqrt(tensor.fanIn);
    case 'glorot-uniform':
      return tensor.part === 'bias' ? 0 : Math.sqrt(6 / (tensor.fanIn + tensor.fanOut));
    case 'he-uniform':
      return tensor.part === 'bias' ? 0 : Math.sqrt(6 / tensor.fanIn);
  }
}
