import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Engine, LocalTraining } from '../../shared/engine/engine.ts';

/** Work like a unit's: what engines are timed on. */
export interface CalibrationWork {
  parameters: Float32Array;
  data: DataShard;
  /** The samples of the unit, in its order. */
  order: Uint32Array;
  local: LocalTraining;
}

/** An engine that takes longer than this over one step is timed by it alone: leases wait meanwhile. */
const HOPELESS_MS = 250;

/**
 * Samples a second of an engine on the work: after one step to warm up, all of the unit's steps; of an engine that
 * is slow beyond hope, that one step [EN5].
 * @throws {Error} where the engine fails.
 */
export async function timeEngine(engine: Engine, work: CalibrationWork, now: () => number): Promise<number> {
  const { parameters, data, order, local } = work;
  await engine.hold(data);
  const timed = async (samples: number) => {
    const begun = now();
    await engine.train(parameters, order.subarray(0, samples), local);
    return now() - begun;
  };
  const first = await timed(local.batch);
  const [samples, elapsed] =
    first > HOPELESS_MS ? [local.batch, first] : [order.length, await timed(order.length)];
  // A clock that browsers made coarse may show no time at all.
  return (1000 * samples) / Math.max(elapsed, 0.1);
}
