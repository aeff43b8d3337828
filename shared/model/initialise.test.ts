import { describe, expect, it } from 'vitest';
import { createGenerator, deriveSeed } from '../random/generator.ts';
import { modelHash } from '../../server/store/modelHash.ts';
import { initialParameters } from './initialise.ts';
import { layoutOf } from './layout.ts';
import type { ModelSpec } from './spec.ts';
import { zoo } from '../../server/zoo/index.ts';

function zooSpec(name: string): ModelSpec {
  const entry = zoo.get(name);
  if (entry === undefined) throw new Error(`no ${name} in the zoo`);
  return entry.spec;
}

/** The values of each tensor of a model, by the tensor's name. */
function tensorsOf(spec: ModelSpec, seed: number): Map<string, Float32Array> {
  const parameters = initialParameters(spec, seed);
  return new Map(
    layoutOf(spec).tensors.map(({ name, offset, length }) => [
      name,
      parameters.subarray(offset, offset + length),
    ]),
  );
}

const greatest = (values: Float32Array | undefined) => Math.max(...(values ?? []).map(Math.abs));

describe('the first parameters', () => {
  it('[MD4] follow from the seed alone', () => {
    const spec = zooSpec('ray-convnet');
    expect(initialParameters(spec, 5)).toEqual(initialParameters(spec, 5));
    expect(modelHash(initialParameters(spec, 5))).not.toBe(modelHash(initialParameters(spec, 6)));
  });

  it.each([
    ['ray-convnet', '71115fab8f59d6b2f05f4f420082fb3a4753a3483734fce8723123f0d8a95148'],
    ['lenet', 'e28ab1ce017783751791bf1c6dde5dbfa1297570048457b42fd6b38876224ffb'],
    ['cnn-32-64', 'cd20788e6b75a18c56d6ab7ccf6d3bcae6751436e9238ba572677307571ddda6'],
  ])('[MD4] of %s under seed 42 have the golden hash', (name, hash) => {
    expect(modelHash(initialParameters(zooSpec(name), 42))).toBe(hash);
  });

  it('[MD4] of ray-convnet under seed 42 begin with the golden values', () => {
    const tensors = tensorsOf(zooSpec('ray-convnet'), 42);
    const firstTwo = Object.fromEntries(
      [...tensors].map(([name, values]) => [name, [...values.subarray(0, 2)]]),
    );
    expect(firstTwo).toEqual({
      '0.conv2d.kernel': [0.06075243279337883, -0.1453193873167038],
      '0.conv2d.bias': [-0.044461529701948166, 0.11908964067697525],
      '4.dense.kernel': [0.008734061382710934, 0.042973414063453674],
      '4.dense.bias': [0.050564490258693695, 0.0316573865711689],
    });
  });

  it('[MD10] fill ±1/√(fan in), kernels and biases alike: ±1/3 and ±0.0722 of ray-convnet', () => {
    const seeds = Array.from({ length: 50 }, (_, seed) => tensorsOf(zooSpec('ray-convnet'), seed));
    for (const [layer, bound] of [
      ['0.conv2d', 1 / 3],
      ['4.dense', 1 / Math.sqrt(192)],
    ] as const) {
      for (const part of ['kernel', 'bias']) {
        const most = Math.max(...seeds.map((tensors) => greatest(tensors.get(`${layer}.${part}`))));
        expect(most).toBeLessThanOrEqual(Math.fround(bound));
        expect(most).toBeGreaterThan(0.97 * bound);
      }
    }
    expect(1 / Math.sqrt(192)).toBeCloseTo(0.0722, 4);
  });

  it('[MD4] have a mean near zero', () => {
    const kernel = tensorsOf(zooSpec('cnn-32-64'), 3).get('3.conv2d.kernel') ?? new Float32Array(1);
    const mean = kernel.reduce((sum, value) => sum + value, 0) / kernel.length;
    // Five standard errors of 18,432 draws from ±1/√288.
    expect(Math.abs(mean)).toBeLessThan((5 * greatest(kernel)) / Math.sqrt(3 * kernel.length));
  });

  it('[MD4] of a tensor come from a stream of its own: another size of one layer leaves the others alone', () => {
    const spec = zooSpec('lenet');
    const layers = spec.layers.map((layer) => (layer.kind === 'dense' ? { ...layer, units: 12 } : layer));
    const other = { ...spec, layers };
    const before = tensorsOf(spec, 9);
    const after = tensorsOf(other, 9);
    for (const name of ['0.conv2d.kernel', '0.conv2d.bias', '3.conv2d.kernel', '3.conv2d.bias']) {
      expect(after.get(name)).toEqual(before.get(name));
    }
    const generator = createGenerator(deriveSeed(9, 2));
    expect(before.get('3.conv2d.kernel')?.[0]).toBe(
      Math.fround((2 * generator.float() - 1) / Math.sqrt(200)),
    );
  });

  it.each([
    ['glorot-uniform', Math.sqrt(6 / (9 + 27)), Math.sqrt(6 / (192 + 10))],
    ['he-uniform', Math.sqrt(6 / 9), Math.sqrt(6 / 192)],
  ] as const)('[MD4] of %s have zero biases and kernels within its bounds', (initialiser, conv, dense) => {
    const tensors = tensorsOf({ ...zooSpec('ray-convnet'), initialiser }, 42);
    expect(greatest(tensors.get('0.conv2d.bias'))).toBe(0);
    expect(greatest(tensors.get('4.dense.bias'))).toBe(0);
    expect(greatest(tensors.get('0.conv2d.kernel'))).toBeLessThanOrEqual(Math.fround(conv));
    expect(greatest(tensors.get('0.conv2d.kernel'))).toBeGreaterThan(0.8 * conv);
    expect(greatest(tensors.get('4.dense.kernel'))).toBeLessThanOrEqual(Math.fround(dense));
    expect(greatest(tensors.get('4.dense.kernel'))).toBeGreaterThan(0.99 * dense);
  });
});
