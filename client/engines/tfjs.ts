import * as tf from '@tensorflow/tfjs';
import type { Batch, Engine, GradientResult } from '../../shared/engine/engine.ts';
import { forward } from '../../shared/engine/tfjsForward.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { EngineName } from '../../shared/profile/profile.ts';
import type { EngineProbe } from './probe.ts';

/**
 * Loads a model on a tfjs backend and computes one gradient, so that shaders are compiled before work begins.
 * @throws {Error} where the backend cannot be had here; the message says which.
 */
export async function createTfjsEngine(spec: ModelSpec, probe: EngineProbe): Promise<Engine> {
  if (probe.name === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend(probe.name))) throw new Error(`tfjs has no ${probe.name} backend here`);
  await tf.ready();
  const engine = new TfjsEngine(spec, probe);
  try {
    await engine.warmUp();
  } catch (error) {
    engine.dispose();
    throw error;
  }
  return engine;
}

class TfjsEngine implements Engine {
  readonly name: EngineName;
  readonly detail: string;
  readonly software: boolean;
  readonly #spec: ModelSpec;
  readonly #variables: tf.Variable[];
  readonly #layout;

  constructor(spec: ModelSpec, { name, detail, software }: EngineProbe) {
    this.name = name;
    this.detail = detail;
    this.software = software;
    this.#spec = spec;
    this.#layout = layoutOf(spec);
    // A variable outlives the tidy; the zeros that it was made of do not.
    this.#variables = tf.tidy(() => this.#layout.tensors.map(({ shape }) => tf.variable(tf.zeros(shape))));
  }

  async warmUp(): Promise<void> {
    const [height, width, channels] = this.#spec.input;
    await this.gradient(new Float32Array(this.#layout.length), {
      samples: 1,
      images: new Float32Array(height * width * channels),
      labels: new Uint8Array(1),
    });
  }

  async gradient(parameters: Float32Array, batch: Batch): Promise<GradientResult> {
    const packed = tf.tidy(() => {
      this.#variables.forEach((variable, index) => {
        const { offset, length, shape } = this.#tensor(index);
        variable.assign(tf.tensor(parameters.slice(offset, offset + length), shape));
      });
      const images = tf.tensor4d(batch.images, [batch.samples, ...this.#spec.input]);
      const labels = tf.tensor1d(Int32Array.from(batch.labels), 'int32');
      const { value, grads } = tf.variableGrads(() => this.#loss(images, labels), this.#variables);
      const parts = this.#variables.map((variable) => {
        const gradient = grads[variable.name];
        if (gradient === undefined) throw new Error(`tfjs gave no gradient of ${variable.name}`);
        return tf.reshape(gradient, [-1]);
      });
      // One vector, one read-back: each read-back of a GPU backend is a round trip of its own.
      return tf.concat([...parts, tf.reshape(value, [1])]);
    });
    const values = (await packed.data()) as Float32Array;
    packed.dispose();
    return { gradient: values.slice(0, this.#layout.length), loss: values[this.#layout.length] ?? 0 };
  }

  dispose(): void {
    for (const variable of this.#variables) variable.dispose();
  }

  #tensor(index: number) {
    const tensor = this.#layout.tensors[index];
    if (tensor === undefined) throw new RangeError('one variable a tensor of the layout');
    return tensor;
  }

  /** Mean softmax cross-entropy of a batch. */
  #loss(images: tf.Tensor4D, labels: tf.Tensor1D): tf.Scalar {
    const logits = forward(this.#spec, this.#variables, images);
    const oneHot = tf.oneHot(labels, logits.shape[1]);
    return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), 1)));
  }
}
