import type { WorkUnit } from '../../shared/protocol/messages.ts';
import { deriveSeed, permutation } from '../../shared/random/generator.ts';
import type { WorkKey } from './policy/policy.ts';
import { samplesOf, type DataShardRef, type UnitShape } from './unit.ts';

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

/** Lanes start this far apart in the order of data shards, so that few devices do not share one at once. */
const LANE_STRIDE = 23;
/** Marks the stream that orders the data shards among those that seed units. */
const ORDER_STREAM = 0x0d5;

/**
 * Turns a key into the work unit that it stands for on a version of the model, a pure function of the run's seed and
 * of what the plan has for the device, where it has anything [UN2]. Without a plan a lane visits a data shard for as
 * many units as cover it once, then goes on to the next, so that a device downloads little; it comes to every one.
 */
export function createWork(
  dataShards: DataShardRef[],
  settings: WorkSettings,
): (key: WorkKey, version: number, planned?: UnitShape | null) => WorkUnit {
  const order = permutation(deriveSeed(settings.seed, ORDER_STREAM), dataShards.length);
  const inTurn = ({ lane, step }: WorkKey): UnitShape => {
    const unitsAShard = Math.max(1, Math.ceil((dataShards[0]?.samples ?? 0) / samplesOf(settings)));
    const position = (lane * LANE_STRIDE + Math.floor(step / unitsAShard)) % order.length;
    const dataShard = dataShards[order[position] ?? 0];
    if (dataShard === undefined) throw new Error('work: there are no data shards');
    return { dataShard, batch: settings.batch, steps: settings.local?.steps ?? null };
  };
  return (key, version, planned) => {
    const { dataShard, batch, steps } = planned ?? inTurn(key);
    return {
      ...{ dataShard, batch },
      seed: deriveSeed(settings.seed, settings.startVersion, key.lane, key.step),
      local: settings.local === null || steps === null ? null : localStepsAt(version, steps, settings.local),
      codec: 'float32',
    };
  };
}

function localStepsAt(
  version: number,
  steps: number,
  { lr, momentum, decay }: Omit<LocalSchedule, 'steps'>,
): LocalSteps {
  return { steps, lr: decay === null ? lr : lr / Math.sqrt(1 + version / decay), momentum };
}
