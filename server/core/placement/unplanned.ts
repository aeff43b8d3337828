import type { Device } from '../crowd/device.ts';
import type { Allocation } from './allocations.ts';
import { whyNotExact } from './exactDevices.ts';
import type { RunShape } from './plan.ts';

/* What devices have that no plan speaks of. */

const SAME_FOR_ALL = 'the same unit for all, on one data shard after another';

/** What a device has that joined since the newest allocations. */
export function newcomerOf({ batch, steps }: RunShape): Allocation {
  return { batch, steps, dataShards: [], role: 'reserve', workers: 0, why: ['it has just come'] };
}

/** What a device has while placement is inactive. @param admitted whether it may have work. */
export function withoutPlan(device: Device, admitted: boolean, shape: RunShape): Allocation {
  const { batch, steps } = shape;
  const { workers } = device.profile;
  if (admitted) return { batch, steps, dataShards: [], role: 'train', workers, why: [SAME_FOR_ALL] };
  return { batch, steps, dataShards: [], role: 'reserve', workers: 0, why: whyNotExact(device, shape) };
}
