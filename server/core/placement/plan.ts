import type { Selector } from '../../../shared/protocol/placement.ts';
import { MODES, type Mode } from '../policy/modes.ts';
import { samplesOfSize, type DataShardRef } from '../unit.ts';
import type { UnitTime } from '../crowd/unitTimes.ts';

/** What a plan has to know of the run. */
export interface RunShape {
  mode: Mode;
  /** Images a gradient or a local step, as the run's recipe has it. */
  batch: number;
  /** Local steps of the default unit; null where units ask for gradients. */
  steps: number | null;
  /** Whether units may have other sizes than the default unit's: not where an update counts the same whatever its size. */
  elastic: boolean;
  /** Bytes of an update and of the weights that come back. */
  bytesPerUnit: number;
  dataShards: DataShardRef[];
  /** Bytes of the largest data shard, uncompressed. */
  bytesPerDataShard: number;
  /** Workers that must have work at least, where a round waits for a number of them. */
  minWorkers: number;
  /** What a unit may be expected to take at most: leases end. */
  maxMs: number;
  /** Bytes a millisecond of the server's line, for all devices together; null where unknown. */
  link: number | null;
  /** Measured time of a round of `sync` beyond its slowest unit; 0 before the first. */
  roundOverheadMs: number;
  /** Only devices that match have work. */
  requires: Selector;
  /** Others have none while enough that match are here. */
  prefers: Selector;
}

/** A device as a plan sees it. */
export interface PlanDevice {
  device: string;
  /** Null before its first unit. */
  time: UnitTime | null;
  /** Samples of its units at most. */
  maxSamples: number;
  /** Workers that may have work at a time. */
  workers: number;
  /** It has fetched a data shard already. */
  hasData: boolean;
  /** Size and workers that a constraint sets; a plan may not change them. */
  fixed: { batch: number; steps: number | null } | null;
  /** A plan must have work for it: data shards are pinned to it alone. */
  required: boolean;
}

/** One way for a device to work. */
export interface PlacementOption {
  device: string;
  batch: number;
  /** Null where the unit asks for a gradient. */
  steps: number | null;
  /** Of one worker's unit. */
  samples: number;
  workers: number;
  /** Expected, from lease to complete update. */
  ms: number;
  /** Samples of all its workers, those beyond the default unit counted for less. */
  value: number;
  /** Over the server's link, a round. */
  bytes: number;
}

/** A unit may be this many times the default unit at most: longer local work drifts apart. */
const MAX_UNIT_LENGTH = 2;

/** Samples of the default unit, which is that of the run's recipe. */
export const defaultUnitSamples = (shape: RunShape): number => samplesOfSize(shape);

/** Beyond the default unit a unit of twice the samples is worth 2 to the power of this: local steps drift apart. */
const WORTH_OF_LENGTH = 0.8;

/**
 * What a unit of n samples is worth, in samples: n up to the default unit, whose size was found by measurement, and
 * less than that for each beyond it [PL3].
 */
export function valueOf(samples: number, shape: RunShape): number {
  const recipe = defaultUnitSamples(shape);
  return samples <= recipe ? samples : recipe * (samples / recipe) ** WORTH_OF_LENGTH;
}

/** A device's option with units of about `wanted` samples: a number of steps, or any batch of a gradient. */
export function optionOf(
  { device, time, maxSamples, workers, hasData, fixed }: PlanDevice,
  shape: RunShape,
  wanted: number,
): PlacementOption | null {
  if (time === null) return null;
  const size =
    fixed ?? unitSizeOf(Math.min(wanted, maxSamples, MAX_UNIT_LENGTH * defaultUnitSamples(shape)), shape);
  if (size === null) return null;
  const samples = samplesOfSize(size);
  return {
    device,
    ...size,
    samples,
    workers,
    ms: time.overheadMs + samples * time.msPerSample,
    value: workers * valueOf(samples, shape),
    bytes: workers * shape.bytesPerUnit + (hasData ? 0 : shape.bytesPerDataShard),
  };
}

/** Batch and steps of a unit of about this number of samples, not more; null where not even the smallest fits. */
export function unitSizeOf(samples: number, shape: RunShape): { batch: number; steps: number | null } | null {
  const { batch, steps, elastic } = shape;
  if (!elastic) return { batch, steps };
  if (steps === null) return samples < 1 ? null : { batch: Math.floor(samples), steps };
  const taken = Math.floor(samples / batch);
  return taken < 1 ? null : { batch, steps: taken };
}

/** A device's largest option that takes no longer than this; null where none does. */
export function optionWithin(device: PlanDevice, shape: RunShape, ms: number): PlacementOption | null {
  if (device.time === null) return null;
  const { overheadMs, msPerSample } = device.time;
  // A sample more for what division rounds off; one that is still too long is dropped.
  const option = optionOf(device, shape, (ms - overheadMs) / msPerSample + 1e-6);
  return option === null || option.ms > ms * (1 + 1e-9) ? null : option;
}

/** A device's largest option within a time; of one that must have work the smallest where none is. */
export function optionFor(device: PlanDevice, shape: RunShape, ms: number): PlacementOption | null {
  const fits = optionWithin(device, shape, ms);
  return fits ?? (device.required ? optionOf(device, shape, shape.batch) : null);
}

/** How long a round of these takes: as long as its slowest unit, and as its bytes take over the server's link. */
export function roundMs(options: readonly PlacementOption[], { link }: RunShape): number {
  const slowest = options.reduce((most, { ms }) => Math.max(most, ms), 0);
  const bytes = options.reduce((sum, each) => sum + each.bytes, 0);
  return link === null ? slowest : Math.max(slowest, bytes / link);
}

/**
 * The objective that every plan is judged by: value a millisecond. In rounds all wait for
 * the slowest, and for what a round takes beyond that; elsewhere none waits. Zero where no device works, or fewer than required [PL4].
 */
export function rateOf(options: readonly PlacementOption[], shape: RunShape): number {
  const workers = options.reduce((sum, option) => sum + option.workers, 0);
  if (workers === 0 || workers < shape.minWorkers) return 0;
  if (!MODES[shape.mode].hasRounds) return options.reduce((sum, { value, ms }) => sum + value / ms, 0);
  return (
    options.reduce((sum, { value }) => sum + value, 0) / (roundMs(options, shape) + shape.roundOverheadMs)
  );
}
