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

/** An engine is timed for about so long: leases wait meanwhile. */
const TIMED_MS = 250;

/**
 * Samples a second of an engine on the work: after one step to warm up, as many of the unit's steps as it does in
 * a moment; of an engine that takes longer over one, that one [EN17].
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
  // The first step is slower than those after it, so that there are rather too few.
  const steps = Math.floor(Math.min(order.length / local.batch, TIMED_MS / Math.max(first, 0.1)));
  const samples = Math.max(1, steps) * local.batch;
  const elapsed = steps < 1 ? first : await timed(samples);
  // A clock that browsers made coarse may show no time at all.
  return (1000 * samples) / Math.max(elapsed, 0.1);
}
