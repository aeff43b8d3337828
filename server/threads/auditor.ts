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

  /** @param dataShards those that the units of the run are of. */
  constructor(model: ModelSpec, dataShards: readonly Pick<DataShardFile, 'index' | 'bytes'>[], clock: Clock) {
    this.#dataShards = dataShards;
    this.#clock = clock;
    allowRelaxedSimd();
    const init: AuditThreadInit = { model };
    this.#thread = new TaskThread('audit', new URL('./audit.mjs', import.meta.url), init);
  }

  /**
   * One unit at a time. What it took includes the start of the thread where that was not there.
   * @throws {Error} where its data shard is not here, or the thread fails: the next call starts a new one.
   */
  async recompute({ unit: { dataShard: ref, ...unit }, ...task }: AuditTask): Promise<Recomputation> {
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
    return this.#thread.close();
  }
}
