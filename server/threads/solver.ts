import { Worker } from 'node:worker_threads';
import type { IntegerProgram, Solution, Solve } from '../core/placement/program.ts';
import type { SolveTask } from './solve.ts';

/** HiGHS in a thread of its own, begun when it is first needed and ended where it does not answer in time. */
export class Solver {
  #worker: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Solves one program after the other; never rejects: a solver that fails has no answer, and says so. */
  readonly solve: Solve = (program, budgetMs) => {
    const answer = this.#last.then(() => this.#ask(program, budgetMs));
    this.#last = answer;
    return answer;
  };

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  async #ask(program: IntegerProgram, budgetMs: number): Promise<Solution> {
    if (this.#closed) return { chosen: null, status: 'closed' };
    const worker = (this.#worker ??= start());
    let stop: () => void = () => undefined;
    try {
      return await new Promise<Solution>((resolve, reject) => {
        const died = () => reject(new Error('its thread ended'));
        const timer = setTimeout(() => reject(new Error('no answer in time')), budgetMs);
        worker.once('message', resolve).once('error', reject).once('exit', died);
        stop = () => {
          clearTimeout(timer);
          worker.off('message', resolve).off('error', reject).off('exit', died);
        };
        worker.postMessage({ program, budgetMs } satisfies SolveTask);
      });
    } catch (error) {
      await this.#end();
      return { chosen: null, status: error instanceof Error ? error.message : String(error) };
    } finally {
      stop();
    }
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}

function start(): Worker {
  const worker = new Worker(new URL('./solve.mjs', import.meta.url));
  // It may fail while nobody waits for it; whoever asks next begins another.
  worker.on('error', () => undefined);
  return worker;
}
