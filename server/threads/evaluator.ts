import { Worker } from 'node:worker_threads';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';

export interface EvaluationTask {
  model: ModelSpec;
  test: DataShard;
}

export interface Evaluation {
  /** Share of the test images that are classified right, 0 to 1. */
  testAccuracy: number;
  /** Mean cross-entropy. */
  testLoss: number;
}

/** Measures parameters on the test images in a thread of its own, so that commits never wait for it [EV1]. */
export class Evaluator {
  readonly #task: EvaluationTask;
  #worker: Worker | null = null;

  constructor(task: EvaluationTask) {
    this.#task = task;
    this.#worker = this.#start();
  }

  /** One evaluation at a time. @throws {Error} where the thread fails; the next call starts a new one. */
  evaluate(parameters: Float32Array): Promise<Evaluation> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const settle = () => {
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
      };
      const onMessage = (evaluation: Evaluation) => {
        settle();
        resolve(evaluation);
      };
      const onError = (error: Error) => {
        settle();
        this.#worker = null;
        reject(error);
      };
      const onExit = () => onError(new Error('the evaluation thread ended'));
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.on('exit', onExit);
      worker.postMessage(parameters);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): Worker {
    return new Worker(new URL('./evaluate.mjs', import.meta.url), { workerData: this.#task });
  }
}
