import { describe, expect, it } from 'vitest';
import { layoutOf } from './layout.ts';
import { ModelSpecError, outputShapes, parseModelSpec } from './spec.ts';
import { zoo } from '../../server/zoo/index.ts';

const COUNTS = { 'ray-convnet': 1960, lenet: 5994, 'cnn-32-64': 34_826 };

const BASE = {
  name: 'own',
  input: [9, 8, 3],
  normalise: { mean: 0, deviation: 1 },
  loss: 'softmax-cross-entropy',
  initialiser: 'pytorch',
};

describe('the zoo', () => {
  it('[MD9] has the parameter counts that its files state', () => {
    const counts = [...zoo].map(([name, { spec }]) => [name, layoutOf(spec).length]);
    expect(Object.fromEntries(counts)).toEqual(COUNTS);
  });

  it.each([...zoo])('[MD1] %s is a declaration as a user would write it', (name, { spec, recipe }) => {
    expect(parseModelSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
    expect(spec.name).toBe(name);
    expect(outputShapes(spec).at(-1)).toEqual([10]);
    expect(recipe.target).toBeLessThan(1);
  });
});

describe('the layout', () => {
  it.each([...zoo])('[MD2] of %s is contiguous, kernel before bias, layer after layer', (_name, { spec }) => {
    const { tensors, length } = layoutOf(spec);
    let next = 0;
    let layer = -1;
    tensors.forEach((tensor, index) => {
      expect(tensor.offset).toBe(next);
      expect(tensor.length).toBe(tensor.shape.reduce((product, size) => product * size, 1));
      expect(tensor.part).toBe(index % 2 === 0 ? 'kernel' : 'bias');
      const [of, kind, part] = tensor.name.split('.');
      expect(part).toBe(tensor.part);
      expect(spec.layers[Number(of)]?.kind).toBe(kind);
      if (tensor.part === 'kernel') expect(Number(of)).toBeGreaterThan(layer);
      layer = Number(of);
      next += tensor.length;
    });
    expect(next).toBe(length);
  });

  it('[MD8] has kernels as HWIO and dense weights as inputs by outputs, of the flattened NHWC image', () => {
    const spec = parseModelSpec({
      ...BASE,
      layers: [
        { kind: 'conv2d', filters: 5, kernel: 2, stride: 2, padding: 'same' },
        { kind: 'maxPool', size: 2 },
        { kind: 'flatten' },
        { kind: 'dense', units: 7 },
      ],
    });
    expect(outputShapes(spec)).toEqual([[5, 4, 5], [2, 2, 5], [20], [7]]);
    expect(
      layoutOf(spec).tensors.map(({ name, shape, fanIn, fanOut }) => ({ name, shape, fanIn, fanOut })),
    ).toEqual([
      { name: '0.conv2d.kernel', shape: [2, 2, 3, 5], fanIn: 12, fanOut: 20 },
      { name: '0.conv2d.bias', shape: [5], fanIn: 12, fanOut: 20 },
      { name: '3.dense.kernel', shape: [20, 7], fanIn: 20, fanOut: 7 },
      { name: '3.dense.bias', shape: [7], fanIn: 20, fanOut: 7 },
    ]);
  });

  it('[MD1] refuses a model with more parameters than a tab can hold', () => {
    const huge = parseModelSpec({
      ...BASE,
      input: [4096, 4096, 4096],
      layers: [{ kind: 'flatten' }, { kind: 'dense', units: 4096 }],
    });
    expect(() => layoutOf(huge)).toThrow(new ModelSpecError('model: more than 67108864 parameters'));
  });
});
