import type { DataShard } from '../dataset/dataShard.ts';
import type { WorkUnit } from '../protocol/messages.ts';
import { permutation } from '../random/generator.ts';
import type { Engine } from './engine.ts';

/**
 * The samples a work unit visits: `count` of them, from `start` on, of the endless order that is the data shard's
 * permutation under the seed, then under the seed after it, and so on [UN1].
 * @param samples of the data shard.
 * @throws {RangeError} when the data shard is empty.
 */
export function unitOrder(seed: number, start: number, samples: number, count: number): Uint32Array {
  if (samples < 1) throw new RangeError('a unit cannot visit an empty data shard');
  const order = new Uint32Array(count);
  let pass = Math.floor(start / samples);
  let from = start % samples;
  for (let filled = 0; filled < count; pass++) {
    const part = permutation(seed + pass, samples).subarray(from, from + count - filled);
    order.set(part, filled);
    filled += part.length;
    from = 0;
  }
  return order;
}

/** The samples that a unit visits of a data shard of that many samples. @throws {RangeError} as {@link unitOrder}. */
export function orderOf({ seed, start, batch, local }: UnitWork, samples: number): Uint32Array {
  return unitOrder(seed, start, samples, batch * (local?.steps ?? 1));
}

/** What of a unit an engine is told: the data shard comes beside it. */
export type UnitWork = Omit<WorkUnit, 'dataShard'>;

/**
 * The update of a unit: a gradient, or the delta of its local steps [UN3].
 * @param order the samples that it visits, see {@link orderOf}.
 * @throws {DataMisfitError} where the data do not fit the model. @throws {Error} where the engine fails.
 */
export async function computeUpdate(
  engine: Engine,
  { batch, local }: Pick<UnitWork, 'batch' | 'local'>,
  parameters: Float32Array,
  data: DataShard,
  order: Uint32Array,
): Promise<Float32Array> {
  await engine.hold(data);
  if (local === null) return (await engine.gradient(parameters, order)).gradient;
  return (await engine.train(parameters, order, { batch, lr: local.lr, momentum: local.momentum })).delta;
}
