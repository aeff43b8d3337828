import { allowRelaxedSimd } from '../../client/node/relaxedSimd.ts';
import type { UnitWork } from '../../shared/engine/unit.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { Clock } from '../core/clock.ts';
import type { Compared } from '../core/run/comparison.ts';
import type { AuditTask, Recomputation } from '../core/run/recomputation.ts';
import type { DataShardFile } from '../dataset/dataset.ts';
import { TaskThread } from './taskThread.ts';

/** What the thread is told once. */
export interface AuditThreadInit {
  model: ModelSpec;
}

/** What the thread is told of each unit. */
export interface AuditRequest extends Omit<AuditTask, 'unit'> {
  unit: UnitWork;
  /** The data shard of the unit, in the format of shared/dataset/dataShard.ts. */
  dataShard: Uint8Array;
}

/** Computes units of devices again, in a thread of its own with the engine of the server [AT3]. */
export class Auditor {
  readonly #dataShards: readonly Pick<DataShardFile, 'index' | 'bytes'>[];
  readonly #clock: Clock;
  /** By their numbers, in memory that the thread has as well: a copy for each unit would keep devices waiting. */
  readonly #shared = new Map<number, Uint8Array>();
  readonly #thread: TaskThread<AuditRequest, Compared>;
  #last: Promise<unknown> = Promise.resolve();
  /** Units that are under way or wait for that. */
  #waiting = 0;
  #isClosed = false;

  /** @param dataShards those that the units of the run are of. */
  constructor(model: ModelSpec, dataShards: readonly Pick<DataShardFile, 'index' | 'bytes'>[], clock: Clock) {
    this.#dataShards = dataShards;
    this.#clock = clock;
    allowRelaxedSimd();
    const init: AuditThreadInit = { model };
    this.#thread = new TaskThread('audit', new URL('./audit.mjs', import.meta.url), init);
  }

  /**
   * One unit at a time: another waits for it. What it took includes the start of the thread where that was not there.
   * @throws {Error} where its data shard is not here, or the thread fails: the next call starts a new one.
   */
  recompute(task: AuditTask): Promise<Recomputation> {
    const isIdle = this.#waiting === 0;
    this.#waiting++;
    const result = isIdle ? this.#recompute(task) : this.#last.then(() => this.#recompute(task));
    this.#last = result.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    return result;
  }

  async #recompute({ unit: { dataShard: ref, ...unit }, ...task }: AuditTask): Promise<Recomputation> {
    if (this.#isClosed) throw new Error('the audit thread was closed');
    const dataShard = this.#dataShard(ref.index);
    const begun = this.#clock.now();
    const comparison = await this.#thread.ask({ ...task, unit, dataShard });
    return { ...comparison, milliseconds: this.#clock.now() - begun };
  }

  #dataShard(index: number): Uint8Array {
    const known = this.#shared.get(index);
    if (known !== undefined) return known;
    const file = this.#dataShards.find((each) => each.index === index);
    if (file === undefined) throw new RangeError(`the data set has no data shard ${index}`);
    const shared = new Uint8Array(new SharedArrayBuffer(file.bytes.length));
    shared.set(file.bytes);
    this.#shared.set(index, shared);
    return shared;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#thread.close();
  }
}
