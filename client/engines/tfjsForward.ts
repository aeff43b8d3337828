import * as tf from '@tensorflow/tfjs';
import type { ModelSpec } from '../../shared/model/spec.ts';

/** The logits of a batch: `[samples, classes]`. Runs on whichever tfjs backend is set. */
export function forward(spec: ModelSpec, parameters: tf.Tensor[], images: tf.Tensor4D): tf.Tensor2D {
  let next = 0;
  const take = () => {
    const tensor = parameters[next++];
    if (tensor === undefined) throw new RangeError('forward: fewer tensors than the model has parameters');
    return tensor;
  };
  const logits = spec.layers.reduce<tf.Tensor>((value, layer) => {
    switch (layer.kind) {
      case 'conv2d': {
        const kernel = take() as tf.Tensor4D;
        return tf.add(tf.conv2d(value as tf.Tensor4D, kernel, layer.stride, layer.padding), take());
      }
      case 'relu':
        return tf.relu(value);
      case 'maxPool':
        return tf.maxPool(value as tf.Tensor4D, layer.size, layer.size, 'valid');
      case 'flatten':
        return tf.reshape(value, [value.shape[0], -1]);
      case 'dense': {
        const kernel = take() as tf.Tensor2D;
        return tf.add(tf.matMul(value as tf.Tensor2D, kernel), take());
      }
    }
  }, images);
  return logits as tf.Tensor2D;
}
