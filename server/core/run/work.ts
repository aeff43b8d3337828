import type { WorkUnit } from '../../../shared/protocol/messages.ts';
import { deriveSeed, permutation } from '../../../shared/random/generator.ts';
import type { WorkKey } from '../policy/policy.ts';
import { createDataShardOrder } from './dataShardOrder.ts';
import { samplesOf, type DataShardRef, type PlannedUnit } from '../unit.ts';

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

/** Marks the stream that orders the data shards among those that seed units. */
const ORDER_STREAM = 0x0d5;
/** Stands for the lane of all units of plans: no lane has this number. */
const PLAN_LANE = 2 ** 32 - 1;

/**
 * Turns a key into the work unit that it stands for on a version of the model, a pure function of the run's seed and
 * of what the plan has for the device, where it has anything [UN2]. All units of a lane on one data shard are
 * consecutive parts of one order, and so are all units of plans on one.
 */
export function createWork(
  dataShards: DataShardRef[],
  settings: WorkSettings,
): (key: WorkKey, version: number, planned?: PlannedUnit | null) => WorkUnit {
  const { seed, startVersion, batch, local } = settings;
  const order = permutation(deriveSeed(seed, ORDER_STREAM), dataShards.length);
  const inOrder = [...order].flatMap((index) => dataShards[index] ?? []);
  const tour = createDataShardOrder(inOrder, samplesOf(settings));
  const inTurn = (key: WorkKey): PlannedUnit => ({ ...tour(key), batch, steps: local?.steps ?? null });
  return (key, version, planned) => {
    const unit = planned ?? inTurn(key);
    const lane = planned ? PLAN_LANE : key.lane;
    return {
      dataShard: unit.dataShard,
      seed: deriveSeed(seed, startVersion, lane, unit.dataShard.index),
      start: unit.start,
      batch: unit.batch,
      local: local === null || unit.steps === null ? null : localStepsAt(version, unit.steps, local),
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
