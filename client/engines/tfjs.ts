import * as tf from '@tensorflow/tfjs';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { gatherBatch } from './batch.ts';
import { checkData } from '../../shared/engine/data.ts';
import type {
  Engine,
  EvaluationResult,
  GradientResult,
  LocalTraining,
  TrainingResult,
} from '../../shared/engine/engine.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import type { Loss, ModelSpec } from '../../shared/model/spec.ts';
import type { EngineProbe, TfjsName } from './probe.ts';
import { forward } from './tfjsForward.ts';
import { readingOf, type Reading } from './webglContext.ts';

/** Images of a forward pass of an evaluation; more only costs memory. */
const EVALUATION_BATCH = 500;

interface Backend {
  /** As tfjs names it. */
  backend: string;
  /** To be done before tfjs is told to use it. */
  prepare: () => unknown;
  createReading: () => Reading;
}

/** Of a backend whose reads fail by themselves. */
const createPlainReading = (): Reading => (read) => read;

const BACKENDS: Record<TfjsName, Backend> = {
  'tfjs-webgpu': {
    backend: 'webgpu',
    prepare: () => import('@tensorflow/tfjs-backend-webgpu'),
    createReading: createPlainReading,
  },
  'tfjs-webgl': {
    backend: 'webgl',
    prepare() {
      // Packed four to a texel, matrices of an odd number of rows are multiplied wrongly (4.22.0, seen on SwiftShader).
      tf.env().set('WEBGL_PACK', false);
    },
    createReading: () => readingOf(tf.backend()),
  },
  'tfjs-cpu': { backend: 'cpu', prepare: () => undefined, createReading: createPlainReading },
};

/**
 * Loads a model on a tfjs backend and computes one gradient, so that shaders are compiled before work begins.
 * @throws {Error} where the backend cannot be had here; the message says which.
 */
export async function createTfjsEngine(spec: ModelSpec, probe: EngineProbe<TfjsName>): Promise<Engine> {
  const { backend, prepare, createReading } = BACKENDS[probe.name];
  await prepare();
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no ${backend} backend here`);
  await tf.ready();
  const engine = new TfjsEngine(spec, probe, createReading());
  try {
    await engine.warmUp();
  } catch (error) {
    engine.dispose();
    throw error;
  }
  return engine;
}

class TfjsEngine implements Engine {
  readonly name: TfjsName;
  readonly detail: string;
  readonly software: boolean;
  readonly #spec: ModelSpec;
  readonly #variables: tf.Variable[];
  readonly #layout;
  readonly #reading: Reading;
  #held: DataShard | null = null;

  constructor(spec: ModelSpec, { name, detail, software }: EngineProbe<TfjsName>, reading: Reading) {
    this.#reading = reading;
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
    const images = new Uint8Array(height * width * channels);
    await this.hold({ samples: 1, shape: this.#spec.input, images, labels: new Uint8Array(1) });
    await this.gradient(new Float32Array(this.#layout.length), Uint32Array.of(0));
  }

  hold(shard: DataShard): Promise<void> {
    return new Promise((resolve) => {
      if (shard !== this.#held) checkData(this.#spec, shard);
      this.#held = shard;
      resolve();
    });
  }

  async gradient(parameters: Float32Array, order: Uint32Array): Promise<GradientResult> {
    const packed = tf.tidy(() => {
      this.#load(parameters);
      const { loss, gradients } = this.#gradients(order);
      return packedOf([...gradients, loss]);
    });
    const { values, loss } = await this.#read(packed);
    return { gradient: values, loss };
  }

  async train(parameters: Float32Array, order: Uint32Array, local: LocalTraining): Promise<TrainingResult> {
    const { batch, lr, momentum } = local;
    const steps = order.length / batch;
    if (!Number.isInteger(steps) || steps < 1) {
      throw new RangeError(`tfjs: ${order.length} samples are not whole batches of ${batch}`);
    }
    // Kept out of the tidy of each step: what one step leaves, the next one reads, all on the backend.
    let state: { velocities: tf.Tensor[]; loss: tf.Scalar } = tf.tidy(() => {
      this.#load(parameters);
      return { velocities: this.#variables.map((variable) => tf.zerosLike(variable)), loss: tf.scalar(0) };
    });
    for (let step = 0; step < steps; step++) {
      const before = state;
      state = tf.tidy(() => {
        const { loss, gradients } = this.#gradients(order.subarray(step * batch, (step + 1) * batch));
        const velocities = gradients.map((gradient, index) =>
          tf.add(gradient, tf.mul(before.velocities[index] ?? 0, momentum)),
        );
        this.#variables.forEach((variable, index) => {
          variable.assign(tf.sub(variable, tf.mul(velocities[index] ?? 0, lr)));
        });
        return { velocities, loss: tf.add(before.loss, tf.div(loss, steps)) };
      });
      tf.dispose([...before.velocities, before.loss]);
    }
    const packed = tf.tidy(() => packedOf([...this.#variables, state.loss]));
    tf.dispose([...state.velocities, state.loss]);
    const { values, loss } = await this.#read(packed);
    return { delta: parameters.map((value, index) => value - (values[index] ?? NaN)), loss };
  }

  async evaluate(parameters: Float32Array): Promise<EvaluationResult> {
    const { samples } = this.#shard();
    tf.tidy(() => this.#load(parameters));
    let correct = 0;
    let loss = 0;
    for (let start = 0; start < samples; start += EVALUATION_BATCH) {
      const length = Math.min(EVALUATION_BATCH, samples - start);
      const rows = Uint32Array.from({ length }, (_, row) => start + row);
      const packed = tf.tidy(() => {
        const { images, labels } = this.#tensors(rows);
        const logits = forward(this.#spec, this.#variables, images);
        const right = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
        return packedOf([right, tf.mul(LOSSES[this.#spec.loss](logits, labels), length)]);
      });
      const [right = 0, sum = 0] = await this.#values(packed);
      correct += right;
      loss += sum;
    }
    return { correct, loss: loss / samples };
  }

  dispose(): void {
    for (const variable of this.#variables) variable.dispose();
  }

  #shard(): DataShard {
    if (this.#held === null) throw new RangeError('tfjs: no data shard is held');
    return this.#held;
  }

  #load(parameters: Float32Array): void {
    this.#variables.forEach((variable, index) => {
      const tensor = this.#layout.tensors[index];
      if (tensor === undefined) throw new RangeError('one variable a tensor of the layout');
      const { offset, length, shape } = tensor;
      variable.assign(tf.tensor(parameters.slice(offset, offset + length), shape));
    });
  }

  #tensors(order: Uint32Array): { images: tf.Tensor4D; labels: tf.Tensor1D } {
    const { images, labels, samples } = gatherBatch(this.#shard(), order, this.#spec.normalise);
    return {
      images: tf.tensor4d(images, [samples, ...this.#spec.input]),
      labels: tf.tensor1d(Int32Array.from(labels), 'int32'),
    };
  }

  /** The mean loss over some samples and its gradient by each variable, on the backend. */
  #gradients(order: Uint32Array): { loss: tf.Scalar; gradients: tf.Tensor[] } {
    const { images, labels } = this.#tensors(order);
    const loss = () => LOSSES[this.#spec.loss](forward(this.#spec, this.#variables, images), labels);
    const { value, grads } = tf.variableGrads(loss, this.#variables);
    const gradients = this.#variables.map(({ name }) => {
      const gradient = grads[name];
      if (gradient === undefined) throw new Error(`tfjs gave no gradient of ${name}`);
      return gradient;
    });
    return { loss: value, gradients };
  }

  /** Reads a vector as long as the parameters, and the loss behind it. */
  async #read(packed: tf.Tensor1D): Promise<{ values: Float32Array; loss: number }> {
    const values = await this.#values(packed);
    return { values: values.slice(0, this.#layout.length), loss: values[this.#layout.length] ?? 0 };
  }

  /** Reads a vector and lets go of it. */
  async #values(packed: tf.Tensor1D): Promise<Float32Array> {
    try {
      return await this.#reading(packed.data<'float32'>());
    } finally {
      packed.dispose();
    }
  }
}

/** One vector, one read-back: each read-back of a GPU backend is a round trip of its own. */
function packedOf(tensors: tf.Tensor[]): tf.Tensor1D {
  return tf.concat1d(tensors.map((tensor) => tf.reshape(tensor, [-1])));
}

/** The mean over a batch. */
const LOSSES: Record<Loss, (logits: tf.Tensor2D, labels: tf.Tensor1D) => tf.Scalar> = {
  'softmax-cross-entropy': crossEntropy,
};

/** Mean softmax cross-entropy of a batch. */
function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const oneHot = tf.oneHot(labels, logits.shape[1]);
  return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), 1)));
}
