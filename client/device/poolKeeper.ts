import type { ModelSpec } from '../../shared/model/spec.ts';
import type { Arithmetic } from '../../shared/profile/profile.ts';
import { WorkerPool, type WorkerPoolParts } from './workerPool.ts';

/** Starts a worker pool once a model and arithmetic, however often the device is told of them. */
export class PoolKeeper {
  readonly #parts: WorkerPoolParts;
  #pool: WorkerPool | null = null;
  /** The pool that was asked for last, and the declaration of its model and arithmetic. */
  #asked: { declaration: string; pool: Promise<WorkerPool> } | null = null;
  #over = false;

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
  }

  /** Null before the first worker has an engine. */
  get pool(): WorkerPool | null {
    return this.#pool;
  }

  /** Workers at most. */
  get limit(): number {
    return this.#parts.limit;
  }

  /**
   * The pool for a model, in place of one for another.
   * @param loading is called where it has to be started.
   * @throws {Error} where there is no engine for it.
   */
  poolFor(model: ModelSpec, arithmetic: Arithmetic, loading: () => void): Promise<WorkerPool> {
    const declaration = JSON.stringify([model, arithmetic]);
    if (this.#asked?.declaration !== declaration) {
      this.#pool?.dispose();
      this.#pool = null;
      loading();
      this.#asked = { declaration, pool: this.#start(model, arithmetic, declaration) };
    }
    return this.#asked.pool;
  }

  dispose(): void {
    this.#over = true;
    this.#pool?.dispose();
  }

  async #start(model: ModelSpec, arithmetic: Arithmetic, declaration: string): Promise<WorkerPool> {
    const pool = await WorkerPool.start(this.#parts, model, arithmetic);
    if (this.#over || this.#asked?.declaration !== declaration) pool.dispose();
    else this.#pool = pool;
    return pool;
  }
}
