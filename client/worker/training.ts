import { gatherBatch, unitOrder } from '../../shared/engine/batch.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { Lease, WorkUnit } from '../../shared/protocol/messages.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import type { ShardClient } from '../transport/connection.ts';
import type { Weights } from './weights.ts';

/** What a unit needs, whichever thread or transport it runs on. */
export interface TrainingParts {
  engine: Engine;
  model: ModelSpec;
  weights: Weights;
  shards: ShardClient[];
  dataShard: (ref: WorkUnit['dataShard']) => Promise<DataShard>;
}

export type UnitResult =
  | {
      done: true;
      outcome: Outcome;
      samples: number;
      /** Weights came along: the server will lease more without being asked. */
      refreshed: boolean;
    }
  /** The unit could not be done; the lease is to be released. */
  | { done: false; reason: string };

/**
 * Does one work unit: weights, data, gradient, push.
 * @throws {Error} where the connection is lost on the way.
 */
export async function trainUnit({ terms, unit }: Lease, parts: TrainingParts): Promise<UnitResult> {
  const { engine, model, weights, shards } = parts;
  const [parameters, data] = await Promise.all([
    weights.at(terms.baseVersion),
    parts.dataShard(unit.dataShard).catch((error: unknown) => reasonOf(error)),
  ]);
  if (parameters === null) return { done: false, reason: `version ${terms.baseVersion} is gone` };
  if (typeof data === 'string') return { done: false, reason: data };
  const order = unitOrder(unit.seed, data.samples, unit.batch);
  const batch = gatherBatch(data, order, model.normalise);
  const result = await engine.gradient(parameters, batch).catch((error: unknown) => reasonOf(error));
  if (typeof result === 'string') return { done: false, reason: result };
  const slices = weights.cut(result.gradient);
  const replies = await Promise.all(
    shards.map((shard, index) => shard.push(terms, slices[index] ?? new Float32Array(0))),
  );
  const refused = replies.find(({ outcome }) => outcome !== 'APPLIED');
  return {
    done: true,
    outcome: refused?.outcome ?? 'APPLIED',
    samples: batch.samples,
    refreshed: weights.take(replies),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
