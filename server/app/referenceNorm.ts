import type { Recompute } from '../core/run/recomputation.ts';
import type { NormedUnit } from '../core/run/usualNorms.ts';
import { createWork } from '../core/run/work.ts';
import { NEWEST } from '../core/shard/shardPort.ts';
import { samplesOf, type DataShardRef } from '../core/unit.ts';
import type { Config } from '../config/config.ts';
import { arithmeticOf } from './arithmeticOf.ts';
import type { StartState } from './startState.ts';

/** An update that the server computed itself. */
export interface ReferenceNorm {
  unit: NormedUnit;
  norm: number;
}

/**
 * The norm of an update of a unit of the run, as the server computes it from the state that the run begins with [NB7]: no
 * stranger's first update says what is usual.
 * @throws {Error} where it cannot be computed.
 */
export async function referenceNorm(
  config: Config,
  { parameters, optimizerState, updates }: StartState,
  dataShards: DataShardRef[],
  recompute: Recompute,
): Promise<ReferenceNorm> {
  const { batch, local, seed } = config;
  const work = createWork(dataShards, { batch, local, seed, startUpdates: updates });
  const unit = work({ lane: 0, step: 0 }, updates);
  const base = optimizerState?.slots[NEWEST] ?? parameters;
  const update = new Float32Array(base.length);
  const { norm } = await recompute({ unit, base, update, arithmetics: [arithmeticOf(config)] });
  return { unit: { kind: unit.local === null ? 'gradient' : 'delta', samples: samplesOf(unit) }, norm };
}
