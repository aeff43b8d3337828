import { VERDICTS } from '../../shared/profile/profile.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import type { Arithmetic, CapabilityProfile, EngineReport } from '../../shared/profile/profile.ts';
import type { Engines } from '../engines/select.ts';

export interface WorkerPoolParts {
  /** Workers at most. */
  limit: number;
  /**
   * Finds something for a worker, counted from 0, to train the model with. The first is the one whose engine is
   * reported; where there is nothing for another one, it rejects, and there are no more.
   */
  selectEngines: (model: ModelSpec, worker: number, arithmetic: Arithmetic) => Promise<Engines>;
}

/** One worker of the device: an engine, and one lease at a time. */
export interface PoolWorker {
  readonly engines: Engines;
  /** Its update is computed and being submitted. */
  submitting: boolean;
}

interface Place extends PoolWorker {
  /** Leases that wait for it. */
  pending: number;
  working: Promise<void>;
}

/** The workers of one device for one model [LS8]. */
export class WorkerPool {
  readonly #parts: WorkerPoolParts;
  readonly #model: ModelSpec;
  readonly #arithmetic: Arithmetic;
  readonly #places: Place[] = [];
  #growing: Promise<boolean> | null = null;
  #full = false;
  #over = false;

  private constructor(parts: WorkerPoolParts, model: ModelSpec, arithmetic: Arithmetic) {
    this.#parts = parts;
    this.#model = model;
    this.#arithmetic = arithmetic;
  }

  /** A worker pool of one. @throws {Error} where there is no engine for it. */
  static async start(parts: WorkerPoolParts, model: ModelSpec, arithmetic: Arithmetic): Promise<WorkerPool> {
    const workerPool = new WorkerPool(parts, model, arithmetic);
    workerPool.#add(await parts.selectEngines(model, 0, arithmetic));
    return workerPool;
  }

  /** Workers that have a lease. */
  get busy(): number {
    return this.#places.filter(({ pending }) => pending > 0).length;
  }

  /** What the device says of itself. */
  get report(): Pick<CapabilityProfile, 'trials' | 'workers'> & { engine: EngineReport } {
    const [first, ...others] = this.#places;
    if (first === undefined) throw new Error('worker pool: it was disposed of');
    const trials = new Map(first.engines.trials.map((trial) => [trial.name, trial]));
    for (const trial of others.flatMap(({ engines }) => engines.trials)) {
      if (!VERDICTS[trial.verdict].isGood) trials.set(trial.name, trial);
    }
    return {
      engine: reportOf(first.engines.engine),
      trials: [...trials.values()],
      workers: this.#places.length,
    };
  }

  /** Brings in one more worker. Says whether it did: at the limit, or where there is no engine for it, no. */
  grow(): Promise<boolean> {
    this.#growing ??= this.#grow().finally(() => (this.#growing = null));
    return this.#growing;
  }

  /** Has a worker do a job: one that is free, or else the one that will be first. */
  async do(job: (worker: PoolWorker) => Promise<void>): Promise<void> {
    const urgency = ({ pending, submitting }: Place) => pending - (submitting ? 0.5 : 0);
    const place = this.#places.toSorted((left, right) => urgency(left) - urgency(right))[0];
    if (place === undefined) return;
    place.pending++;
    // Its engine may have failed by the time that it comes to this: then another worker does it.
    place.working = place.working.then(() => (this.#places.includes(place) ? job(place) : this.do(job)));
    try {
      await place.working;
    } finally {
      place.pending--;
      place.submitting = false;
    }
  }

  /** The engine of a worker failed at work. @throws {Error} where the device is left without one. */
  async failed(worker: PoolWorker, reason: string): Promise<void> {
    const index = this.#places.findIndex((place) => place === worker);
    try {
      await worker.engines.failed(reason);
    } catch (error) {
      if (index < 0 || this.#places.length === 1) throw error;
      this.#full = true;
      this.#places.splice(index, 1);
      worker.engines.dispose();
    }
  }

  dispose(): void {
    this.#over = true;
    for (const { engines } of this.#places) engines.dispose();
  }

  async #grow(): Promise<boolean> {
    if (this.#over || this.#full || this.#places.length >= this.#parts.limit) return false;
    try {
      const { selectEngines } = this.#parts;
      const engines = await selectEngines(this.#model, this.#places.length, this.#arithmetic);
      // It may have been disposed of meanwhile.
      if (this.#isOver()) engines.dispose();
      else this.#add(engines);
      return !this.#isOver();
    } catch {
      this.#full = true;
      return false;
    }
  }

  #add(engines: Engines): void {
    this.#places.push({ engines, submitting: false, pending: 0, working: Promise.resolve() });
  }

  #isOver(): boolean {
    return this.#over;
  }
}

function reportOf({ name, detail, software }: Engine): EngineReport {
  return { name, detail: detail.slice(0, 200), software };
}
