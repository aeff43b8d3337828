import { parentPort, workerData } from 'node:worker_threads';
import { WASM_ARITHMETIC } from '../../shared/engine/wasm/arithmetic.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import type { EvaluationTask } from './evaluator.ts';

/* The evaluation thread: measures parameters on the test images with the fused engine. */

/** Stands for a loss that is no number any more: JSON, charts and checkpoints hold only finite ones. */
const DIVERGED = Number.MAX_VALUE;

const { model, test, arithmetic } = workerData as EvaluationTask;
const port = parentPort;
if (port === null) throw new Error('evaluate.ts runs as a worker thread');
const engine = await createWasmEngine(model, WASM_ARITHMETIC[arithmetic]);
await engine.hold(test);

// One at a time: the evaluator waits for the answer before it asks again.
port.on('message', (parameters: Float32Array) => {
  void engine.evaluate(parameters).then(({ correct, loss }) => {
    const testLoss = Number.isFinite(loss) ? loss : DIVERGED;
    port.postMessage({ testAccuracy: correct / test.samples, testLoss });
  });
});
