import { Worker } from 'node:worker_threads';

interface Pending<Answer> {
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/** A worker thread that is asked one thing at a time, and is started by the next where it is not there or failed. */
export class TaskThread<Task, Answer> {
  readonly #name: string;
  readonly #script: URL;
  readonly #workerData: unknown;
  #worker: Worker | null = null;
  #pending: Pending<Answer> | null = null;

  /** @param name what it does, as “evaluation”. @param script the `.mjs` file that loads it. */
  constructor(name: string, script: URL, workerData: unknown) {
    this.#name = name;
    this.#script = script;
    this.#workerData = workerData;
  }

  /** Starts the thread before it is asked anything. */
  start(): void {
    this.#worker ??= this.#start();
  }

  /** @throws {Error} where the thread fails, at work or before; the next call starts a new one. */
  ask(task: Task): Promise<Answer> {
    if (this.#pending !== null) throw new Error(`an ${this.#name} is under way`);
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    this.#take()?.reject(new Error(`the ${this.#name} thread was closed`));
    await worker?.terminate();
  }

  /** Listens for as long as the thread lives: it may fail while nobody waits for it. */
  #start(): Worker {
    const worker = new Worker(this.#script, { workerData: this.#workerData });
    worker.on('message', (answer: Answer) => this.#take()?.resolve(answer));
    const fail = (error: Error) => {
      // A thread that failed also exits, by when the next may be at work.
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#take()?.reject(error);
    };
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error(`the ${this.#name} thread ended`)));
    return worker;
  }

  #take(): Pending<Answer> | null {
    const pending = this.#pending;
    this.#pending = null;
    return pending;
  }
}
