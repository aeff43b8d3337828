import { allowRelaxedSimd } from '../../client/node/relaxedSimd.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { TaskThread } from './taskThread.ts';

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

/** Measures parameters on the test images in a thread of its own, so that commits never wait for it [EV2]. */
export class Evaluator {
  readonly #thread: TaskThread<Float32Array, Evaluation>;

  constructor(task: EvaluationTask) {
    allowRelaxedSimd();
    this.#thread = new TaskThread('evaluation', new URL('./evaluate.mjs', import.meta.url), task);
    this.#thread.start();
  }

  /**
   * One evaluation at a time.
   * @throws {Error} where the thread fails, at work or before; the next call starts a new one.
   */
  evaluate(parameters: Float32Array): Promise<Evaluation> {
    return this.#thread.ask(parameters);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
