import { Worker } from 'node:worker_threads';
import { allowRelaxedSimd } from '../../client/node/relaxedSimd.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';

export interface EvaluationTask {
  model: ModelSpec;
  test: DataShard;
  arithmetic: Arithmetic;
}

export interface Evaluation {
  /** Share of the test images that are classified right, 0 to 1. */
  testAccuracy: number;
  /** Mean cross-entropy. */
  testLoss: number;
}

interface Pending {
  resolve: (evaluation: Evaluation) => void;
  reject: (error: Error) => void;
}

/** Measures parameters on the test images in a thread of its own, so that commits never wait for it [EV2]. */
export class Evaluator {
  readonly #task: EvaluationTask;
  #worker: Worker | null;
  #pending: Pending | null = null;

  constructor(task: EvaluationTask) {
    this.#task = task;
    allowRelaxedSimd();
    this.#worker = this.#start();
  }

  /**
   * One evaluation at a time.
   * @throws {Error} where the thread fails, at work or before; the next call starts a new one.
   */
  evaluate(parameters: Float32Array): Promise<Evaluation> {
    if (this.#pending !== null) throw new Error('an evaluation is under way');
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      worker.postMessage(parameters);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#take()?.reject(new Error('the evaluator was closed'));
    await worker?.terminate();
  }

  /** Listens for as long as the thread lives: it may fail while nobody waits for it. */
  #start(): Worker {
    const worker = new Worker(new URL('./evaluate.mjs', import.meta.url), { workerData: this.#task });
    worker.on('message', (evaluation: Evaluation) => this.#take()?.resolve(evaluation));
    const fail = (error: Error) => {
      // A thread that failed also exits, by when the next may be at work.
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#take()?.reject(error);
    };
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error('the evaluation thread ended')));
    return worker;
  }

  #take(): Pending | null {
    const pending = this.#pending;
    this.#pending = null;
    return pending;
  }
}
