import { init, defaultDevice, jit, lax, nn, numpy as np, valueAndGrad } from '@jax-js/jax';
import { gatherBatch } from '../client/engines/batch.ts';
import type { DataShard } from '../shared/dataset/dataShard.ts';
import type { LocalTraining } from '../shared/engine/engine.ts';
import { layoutOf } from '../shared/model/layout.ts';
import type { ModelSpec } from '../shared/model/spec.ts';
import type { Trainer } from './measureEngine.ts';

type Tensor = ReturnType<typeof np.array>;
/** Weights in the order of the layout. */
type Weights = Tensor[];

/**
 * The zoo's models on jax-js's WebAssembly backend, as a user would write them: one jitted step of forward pass,
 * backward pass and SGD. Valid convolutions of stride 1 only.
 */
export async function createJaxTrainer(spec: ModelSpec): Promise<Trainer> {
  await init('wasm');
  defaultDevice('wasm');
  const { tensors } = layoutOf(spec);
  const classes = tensors.at(-1)?.length ?? 1;
  let held: DataShard | null = null;

  const loss = (weights: Weights, images: Tensor, labels: Tensor): Tensor => {
    const logits = forward(spec, weights, images);
    return nn.logSoftmax(logits, -1).mul(labels).sum(-1).mean().mul(-1);
  };
  const step = jit((weights: Weights, images: Tensor, labels: Tensor, lr: Tensor): Weights => {
    const [value, gradients] = valueAndGrad(loss)(
      weights.map((weight) => weight.ref),
      images,
      labels,
    ) as [Tensor, Weights];
    value.dispose();
    const moved = weights.map((weight, index) => {
      const gradient = gradients[index];
      if (gradient === undefined) throw new Error('jax-js gave fewer gradients than weights');
      return weight.sub(gradient.mul(lr.ref));
    });
    lr.dispose();
    return moved;
  });

  return {
    hold: (shard) => Promise.resolve(void (held = shard)),
    async train(parameters: Float32Array, order: Uint32Array, { batch, lr }: LocalTraining) {
      if (held === null) throw new Error('no data shard is held');
      // Only the time is wanted, and it does not depend on the weights' order: kernels are cut as they come.
      let weights: Weights = tensors.map(({ offset, length, shape }) => {
        const flat = np.array(parameters.slice(offset, offset + length));
        const [height, width, input, output] = shape;
        return shape.length === 4
          ? flat.reshape([output ?? 1, input ?? 1, height ?? 1, width ?? 1])
          : flat.reshape(shape);
      });
      for (let first = 0; first < order.length; first += batch) {
        const chosen = gatherBatch(held, order.subarray(first, first + batch), spec.normalise);
        const [height, width, channels] = spec.input;
        const images = np.array(chosen.images).reshape([batch, channels, height, width]);
        const labels = np
          .array(
            Float32Array.from({ length: batch * classes }, (_, index) =>
              chosen.labels[Math.floor(index / classes)] === index % classes ? 1 : 0,
            ),
          )
          .reshape([batch, classes]);
        weights = step(weights, images, labels, np.array(lr));
      }
      for (const weight of weights) await weight.data();
    },
    dispose: () => undefined,
  };
}

/** The logits; takes its arguments, as everything does in jax-js. */
function forward(spec: ModelSpec, weights: Weights, images: Tensor): Tensor {
  const left = [...weights];
  const take = () => {
    const weight = left.shift();
    if (weight === undefined) throw new RangeError('fewer tensors than the model has parameters');
    return weight;
  };
  return spec.layers.reduce<Tensor>((value, layer) => {
    switch (layer.kind) {
      case 'conv2d': {
        const convolved = lax.conv(value, take(), [1, 1], 'VALID');
        return convolved.add(take().reshape([layer.filters, 1, 1]));
      }
      case 'relu':
        return nn.relu(value);
      case 'maxPool':
        return maxPool(value, layer.size);
      case 'flatten':
        return value.reshape([value.shape[0] ?? 1, -1]);
      case 'dense':
        return np.matmul(value, take()).add(take());
    }
  }, images);
}

function maxPool(value: Tensor, size: number): Tensor {
  const [samples = 1, channels = 1, height = 1, width = 1] = value.shape;
  const rows = Math.floor(height / size);
  const columns = Math.floor(width / size);
  const whole = value.slice([], [], [0, rows * size], [0, columns * size]);
  return np.max(whole.reshape([samples, channels, rows, size, columns, size]), [3, 5]);
}
