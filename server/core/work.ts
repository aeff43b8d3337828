import type { WorkUnit } from '../../shared/protocol/messages.ts';
import { deriveSeed, permutation } from '../../shared/random/generator.ts';
import type { WorkKey } from './policy/policy.ts';

/** What a work unit names of a data shard. */
export type DataShardRef = WorkUnit['dataShard'];

export interface WorkSettings {
  /** Images a gradient or a local step. */
  batch: number;
  /** The local steps that every unit of the run asks for; null asks for gradients [UN3]. */
  local: LocalSchedule | null;
  /** Seed of the run. */
  seed: number;
  /** The version this server started at, so that a resumed run does not repeat its units. */
  startVersion: number;
}

/** Local steps, and how their learning rate falls as the model moves on. */
export interface LocalSchedule extends LocalSteps {
  /** The rate on version v is `lr / sqrt(1 + v / decay)`: half of the first after three times as many; null keeps it. */
  decay: number | null;
}

type LocalSteps = NonNullable<WorkUnit['local']>;

/** Samples that a unit visits [UN4]. */
export function samplesOf({ batch, local }: Pick<WorkUnit, 'batch' | 'local'>): number {
  return batch * (local?.steps ?? 1);
}

/** Lanes start this far apart in the order of data shards, so that few devices do not share one at once. */
const LANE_STRIDE = 23;
/** Marks the stream that orders the data shards among those that seed units. */
const ORDER_STREAM = 0x0d5;

/**
 * Turns a key into the work unit that it stands for on a version of the model, a pure function of the run's seed
 * [UN2]. A lane visits a data shard for as many units as cover it once, then goes on to the next, so that a device
 * downloads little; it comes to every data shard.
 */
export function createWork(
  dataShards: DataShardRef[],
  settings: WorkSettings,
): (key: WorkKey, version: number) => WorkUnit {
  const order = permutation(deriveSeed(settings.seed, ORDER_STREAM), dataShards.length);
  return ({ lane, step }, version) => {
    const unitsAShard = Math.max(1, Math.ceil((dataShards[0]?.samples ?? 0) / samplesOf(settings)));
    const position = (lane * LANE_STRIDE + Math.floor(step / unitsAShard)) % order.length;
    const dataShard = dataShards[order[position] ?? 0];
    if (dataShard === undefined) throw new Error('work: there are no data shards');
    return {
      dataShard,
      seed: deriveSeed(settings.seed, settings.startVersion, lane, step),
      batch: settings.batch,
      local: settings.local === null ? null : localStepsAt(version, settings.local),
      codec: 'float32',
    };
  };
}

function localStepsAt(version: number, { steps, lr, momentum, decay }: LocalSchedule): LocalSteps {
  return { steps, lr: decay === null ? lr : lr / Math.sqrt(1 + version / decay), momentum };
}
