import { compare, type Compared } from '../../server/core/run/comparison.ts';
import type { AuditTask } from '../../server/core/run/recomputation.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Engine, EvaluationResult } from '../../shared/engine/engine.ts';
import { samplesAt } from './images.ts';
import { computeUpdate, orderOf, type UnitWork } from '../../shared/engine/unit.ts';

/** One engine for everybody in a process: what is asked of it is done one after the other, in the order of asking. */
export class Kernel {
  readonly #engine: Engine;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /** The update of a unit from these parameters. */
  update(unit: UnitWork, parameters: Float32Array, data: DataShard): Promise<Float32Array> {
    // An engine takes long to hold a data shard, of which a unit needs a part.
    const own = samplesAt(data, orderOf(unit, data.samples));
    const order = Uint32Array.from({ length: own.samples }, (_, index) => index);
    return this.#next(() => computeUpdate(this.#engine, unit, parameters, own, order));
  }

  /** What the auditing thread of a server does, with strict arithmetic only: that of all devices here. */
  async compare({ unit, base, update }: AuditTask, data: DataShard): Promise<Compared> {
    return compare(update, [await this.update(unit, base, data)], base);
  }

  evaluate(parameters: Float32Array, data: DataShard): Promise<EvaluationResult> {
    return this.#next(async () => {
      await this.#engine.hold(data);
      return this.#engine.evaluate(parameters);
    });
  }

  #next<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    const result = this.#last.then(task).finally(() => this.#waiting--);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
