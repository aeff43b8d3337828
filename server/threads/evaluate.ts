import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { gatherBatch } from '../../shared/engine/batch.ts';
import { forward, parameterTensors } from '../../shared/engine/tfjsForward.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import type { EvaluationTask } from './evaluator.ts';

/* The evaluation thread: measures parameters on the test images with tfjs's WASM backend. */

/** Images a forward pass; more only costs memory. */
const BATCH = 1000;
/** Stands for a loss that is no number any more: JSON, charts and checkpoints hold only finite ones. */
const DIVERGED = Number.MAX_VALUE;

const { model, test } = workerData as EvaluationTask;
const layout = layoutOf(model);
const port = parentPort;
if (port === null) throw new Error('evaluate.ts runs as a worker thread');

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');
await tf.ready();

port.on('message', (parameters: Float32Array) => {
  port.postMessage(evaluate(parameters));
});

function evaluate(parameters: Float32Array): { testAccuracy: number; testLoss: number } {
  const tensors = parameterTensors(layout, parameters);
  let correct = 0;
  let loss = 0;
  for (let start = 0; start < test.samples; start += BATCH) {
    const rows = Uint32Array.from({ length: Math.min(BATCH, test.samples - start) }, (_, row) => start + row);
    const { images, labels } = gatherBatch(test, rows, model.normalise);
    const scores = tf.tidy(() => {
      const input = tf.tensor4d(images, [rows.length, ...model.input]);
      return forward(model, tensors, input).dataSync<'float32'>();
    });
    const classes = scores.length / rows.length;
    labels.forEach((label, row) => {
      const logits = scores.subarray(row * classes, (row + 1) * classes);
      if (indexOfLargest(logits) === label) correct++;
      loss += crossEntropy(logits, label);
    });
  }
  for (const tensor of tensors) tensor.dispose();
  const testLoss = loss / test.samples;
  return { testAccuracy: correct / test.samples, testLoss: Number.isFinite(testLoss) ? testLoss : DIVERGED };
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  values.forEach((value, index) => {
    if (value > (values[best] ?? 0)) best = index;
  });
  return best;
}

/** -log softmax(logits)[label], computed without overflow. */
function crossEntropy(logits: Float32Array, label: number): number {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return Math.log(sum) + largest - (logits[label] ?? 0);
}
