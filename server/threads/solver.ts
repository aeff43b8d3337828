import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.ts';
import type { IntegerProgram, Solution, Solve } from '../core/placement/program.ts';
import type { FromSolver, SolveTask } from './solve.ts';

/** For a plan. The one before goes on meanwhile; starting the thread takes half of it. */
export const SOLVER_BUDGET_MS = 1000;

/** HiGHS in a thread of its own, begun when it is first needed and ended where it does not answer in time. */
export class Solver {
  readonly #clock: Clock;
  #thread: Thread | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param clock what budgets are measured and waited for by. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

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
    if (this.#closed) return NO_ANSWER('closed');
    this.#thread ??= new Thread();
    const { ready } = this.#thread;
    const begun = this.#clock.now();
    // A thread that is still loading goes on with that: the next program finds it ready.
    const begins = await this.#within<boolean | null>(ready, budgetMs, null);
    if (begins === null) return NO_ANSWER('still starting');
    if (!begins) {
      await this.#end();
      return NO_ANSWER('it could not be started');
    }
    const left = budgetMs - (this.#clock.now() - begun);
    const answer = await this.#within(
      this.#thread.ask({ program, budgetMs: left }),
      left,
      NO_ANSWER('no answer in time'),
    );
    if (answer.chosen === null && answer.status !== 'infeasible') await this.#end();
    return answer;
  }

  /** What a promise gives, or something else where that takes too long. */
  #within<Value>(promise: Promise<Value>, milliseconds: number, late: Value): Promise<Value> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(Math.max(0, milliseconds), () => resolve(late));
      void promise.then((value) => {
        cancel();
        resolve(value);
      });
    });
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.end();
  }
}

const NO_ANSWER = (status: string): Solution => ({ chosen: null, status });

/** One thread; every promise of it comes to something, also where it dies. */
class Thread {
  /** Whether it could begin at all. */
  readonly ready: Promise<boolean>;
  readonly #worker = new Worker(new URL('./solve.mjs', import.meta.url));
  #hear: (message: FromSolver) => void = () => undefined;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#hear = (message) => resolve(message === 'ready');
    });
    this.#worker.on('message', (message: FromSolver) => this.#hear(message));
    this.#worker.on('error', (error) => this.#hear(NO_ANSWER(error.message)));
    this.#worker.on('exit', () => this.#hear(NO_ANSWER('its thread ended')));
  }

  ask(task: SolveTask): Promise<Solution> {
    return new Promise((resolve) => {
      this.#hear = (message) => {
        if (message !== 'ready') resolve(message);
      };
      this.#worker.postMessage(task);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
