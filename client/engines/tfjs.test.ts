import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../shared/engine/engine.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import { outputShapes, parseModelSpec, type ModelSpec } from '../../shared/model/spec.ts';
import { zoo } from '../../shared/model/zoo/index.ts';
import { createGenerator, permutation } from '../../shared/random/generator.ts';
import type { EngineProbe } from './probe.ts';
import { finiteDifference, referenceLoss } from './testing/reference.ts';
import { createTfjsEngine } from './tfjs.ts';

const CPU: EngineProbe = { name: 'cpu', detail: 'test', software: false };

/** What the zoo has nothing of: a stride, same padding that is not even, two dense layers, no square image. */
const ODD = parseModelSpec({
  name: 'odd',
  input: [9, 8, 2],
  normalise: { mean: 0, deviation: 1 },
  layers: [
    { kind: 'conv2d', filters: 5, kernel: 3, stride: 2, padding: 'same' },
    { kind: 'relu' },
    { kind: 'maxPool', size: 2 },
    { kind: 'conv2d', filters: 4, kernel: 2, padding: 'same' },
    { kind: 'flatten' },
    { kind: 'dense', units: 7 },
    { kind: 'relu' },
    { kind: 'dense', units: 4 },
  ],
  loss: 'softmax-cross-entropy',
  initialiser: 'pytorch',
});

const MODELS = [...[...zoo.values()].map(({ spec }) => spec), ODD].map((spec) => [spec.name, spec] as const);

/** Samples of each tensor that are checked against finite differences. */
const SAMPLED = 8;
/** Norm of the difference over the norm; float32 against doubles. */
const TOLERANCE = 1e-4;

function batchOf(spec: ModelSpec, samples: number, seed: number): Batch {
  const generator = createGenerator(seed);
  const pixels = spec.input.reduce((product, size) => product * size, 1);
  const classes = outputShapes(spec).at(-1)?.[0] ?? 1;
  return {
    samples,
    images: Float32Array.from({ length: samples * pixels }, () => 3 * generator.float() - 0.5),
    labels: Uint8Array.from({ length: samples }, () => generator.below(classes)),
  };
}

const norm = (values: number[]) => Math.hypot(...values);

describe.each(MODELS)('the tfjs engine on the CPU, %s', (_name, spec) => {
  const parameters = initialParameters(spec, 42);
  const exact = Float64Array.from(parameters);
  const batch = batchOf(spec, 4, 7);
  const engine = createTfjsEngine(spec, CPU);
  afterAll(async () => (await engine).dispose());

  it('[EN3] has the loss of a plain forward pass in doubles', async () => {
    const { loss } = await (await engine).gradient(parameters, batch);
    expect(loss).toBeCloseTo(referenceLoss(spec, exact, batch), 5);
  });

  it('[EN3] has the gradient of finite differences in every tensor', async () => {
    const { gradient } = await (await engine).gradient(parameters, batch);
    expect(gradient).toHaveLength(parameters.length);
    layoutOf(spec).tensors.forEach(({ name, offset, length }, index) => {
      const sampled = [...permutation(index, length).subarray(0, SAMPLED)].map((element) => offset + element);
      const expected = sampled.map((element) => finiteDifference(spec, exact, batch, element));
      const errors = sampled.map((element, place) => (gradient[element] ?? NaN) - (expected[place] ?? NaN));
      expect(norm(expected), name).toBeGreaterThan(0);
      expect(norm(errors) / norm(expected), name).toBeLessThan(TOLERANCE);
    });
  });
});

describe('the tfjs engine', () => {
  it('[EN3] has the mean of the gradients of the samples of a batch', async () => {
    const engine = await createTfjsEngine(ODD, CPU);
    const parameters = initialParameters(ODD, 42);
    const batch = batchOf(ODD, 4, 7);
    const whole = await engine.gradient(parameters, batch);
    const pixels = batch.images.length / batch.samples;
    const parts = [0, 1, 2, 3].map((sample) => ({
      samples: 1,
      images: batch.images.slice(sample * pixels, (sample + 1) * pixels),
      labels: batch.labels.slice(sample, sample + 1),
    }));
    const mean = new Float64Array(parameters.length);
    for (const part of parts) {
      const { gradient } = await engine.gradient(parameters, part);
      gradient.forEach((value, index) => (mean[index] = (mean[index] ?? NaN) + value / parts.length));
    }
    const errors = [...whole.gradient].map((value, index) => value - (mean[index] ?? NaN));
    expect(norm(errors) / norm([...whole.gradient])).toBeLessThan(TOLERANCE);
    engine.dispose();
  });

  it('keeps nothing of a gradient, and nothing at all when it is disposed of', async () => {
    const before = tf.memory().numTensors;
    const engine = await createTfjsEngine(ODD, CPU);
    const loaded = tf.memory().numTensors;
    const parameters = initialParameters(ODD, 1);
    const first = await engine.gradient(parameters, batchOf(ODD, 3, 1));
    const kept = first.gradient.slice();
    await engine.gradient(parameters, batchOf(ODD, 5, 2));
    expect(first.gradient).toEqual(kept);
    expect(tf.memory().numTensors).toBe(loaded);
    engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('[EN2] says which backend cannot be had here, and keeps nothing of it', async () => {
    const before = tf.memory().numTensors;
    await expect(createTfjsEngine(ODD, { ...CPU, name: 'webgl' })).rejects.toThrow('webgl');
    expect(tf.memory().numTensors).toBe(before);
  });
});
