import { unitOrder } from '../../shared/engine/unit.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { deriveSeed } from '../../shared/random/generator.ts';

/** Steps and batch of a unit, and the units of a commit, as the default model is trained. */
const UNIT = { steps: 120, batch: 4 };
const UNITS_A_COMMIT = 2;

/** The weights of a short real training by averaged local steps, for each version up to the last. */
export async function trainedVersions(
  engine: Engine,
  spec: ModelSpec,
  dataShards: readonly DataShard[],
  { lr, last }: { lr: number; last: number },
): Promise<Float32Array[]> {
  let weights = initialParameters(spec, 1);
  const versions = [weights];
  for (let commit = 0; commit < last; commit++) {
    const next = weights.slice();
    for (let unit = 0; unit < UNITS_A_COMMIT; unit++) {
      const shard = dataShards[(commit * UNITS_A_COMMIT + unit) % dataShards.length];
      if (shard === undefined) throw new Error('there are data shards');
      await engine.hold(shard);
      const order = unitOrder(deriveSeed(1, commit, unit), 0, shard.samples, UNIT.steps * UNIT.batch);
      const { delta } = await engine.train(weights, order, { batch: UNIT.batch, lr, momentum: 0 });
      delta.forEach((value, index) => (next[index] = (next[index] ?? NaN) - value / UNITS_A_COMMIT));
    }
    weights = next;
    versions.push(weights);
  }
  return versions;
}
