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
  /** Update records when this server started, so that a run that goes on does not repeat its units. */
  startUpdates: number;
}

/** How local steps are taken, and how their learning rate falls as commits go on. */
export interface LocalRates extends Omit<LocalSteps, 'steps'> {
  /** After n commits the rate is `lr / sqrt(1 + n / decay)`: half of the first after three times as many; null keeps it. */
  decay: number | null;
}

/** The local steps of a run. */
export interface LocalSchedule extends LocalRates {
  steps: number;
}

type LocalSteps = NonNullable<WorkUnit['local']>;

/** Marks the stream that orders the data shards among those that seed units. */
const ORDER_STREAM = 0x0d5;
/** Stands for the lane of all units of plans: no lane has this number. */
const PLAN_LANE = 2 ** 32 - 1;

/**
 * Turns a key into the work unit that it stands for after a number of update records, a pure function of the run's seed and
 * of what the plan has for the device, where it has anything [UN2]. All units of a lane on one data shard are
 * consecutive parts of one order, and so are all units of plans on one.
 * @returns a function whose `rates` are those in force, where they are no longer those of the settings.
 */
export function createWork(
  dataShards: DataShardRef[],
  settings: WorkSettings,
): (key: WorkKey, updates: number, planned?: PlannedUnit | null, rates?: LocalRates | null) => WorkUnit {
  const { seed, startUpdates, batch, local } = settings;
  const order = permutation(deriveSeed(seed, ORDER_STREAM), dataShards.length);
  const inOrder = [...order].flatMap((index) => dataShards[index] ?? []);
  const tour = createDataShardOrder(inOrder, samplesOf(settings));
  const inTurn = (key: WorkKey): PlannedUnit => ({ ...tour(key), batch, steps: local?.steps ?? null });
  return (key, updates, planned, rates = local) => {
    const unit = planned ?? inTurn(key);
    const lane = planned ? PLAN_LANE : key.lane;
    return {
      dataShard: unit.dataShard,
      seed: deriveSeed(seed, startUpdates, lane, unit.dataShard.index),
      start: unit.start,
      batch: unit.batch,
      local: rates === null || unit.steps === null ? null : localStepsAt(updates, unit.steps, rates),
    };
  };
}

function localStepsAt(updates: number, steps: number, { lr, momentum, decay }: LocalRates): LocalSteps {
  return { steps, lr: decay === null ? lr : lr / Math.sqrt(1 + updates / decay), momentum };
}
