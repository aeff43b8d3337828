import { ROLES, type PlacementConstraint } from '../../../shared/protocol/placement.ts';
import type { Device } from '../crowd/device.ts';
import { limitsOf } from './limits.ts';
import { hasData, type Pins } from './pins.ts';
import { isFor, matches } from './selectors.ts';
import { defaultUnitSamples, type PlanDevice, type RunShape } from './plan.ts';

/** The instruction for a device: of several the last. */
export function constraintFor(
  device: Device,
  assignments: readonly PlacementConstraint[],
): PlacementConstraint | undefined {
  return assignments.findLast((each) => isFor(each, device));
}

/**
 * Whether a device may have work, whoever else is here: it is present and has an engine, neither instructions nor
 * courtesy hold it back, and it is what the run requires [PL13].
 */
export function mayWork(
  device: Device,
  assignments: readonly PlacementConstraint[],
  { requires }: RunShape,
): boolean {
  if (device.status !== 'present' || device.profile.engine === null) return false;
  const constraint = constraintFor(device, assignments);
  if (constraint !== undefined && !ROLES[constraint.role].works) return false;
  return !limitsOf(device.profile).reserve && matches(requires, device);
}

/**
 * Devices that may have work; while those that the run prefers are enough for a round, they alone, and whoever an
 * instruction names for data shards [PL39].
 */
export function ableDevices(
  devices: readonly Device[],
  assignments: readonly PlacementConstraint[],
  shape: RunShape,
): Device[] {
  const able = devices.filter((device) => mayWork(device, assignments, shape));
  const preferred = new Set(able.filter((device) => matches(shape.prefers, device)));
  if (preferred.size === able.length) return able;
  const workers = [...preferred].reduce((sum, device) => sum + maxWorkers(device, assignments), 0);
  if (workers < Math.max(1, shape.minWorkers)) return able;
  const pinned = assignments.filter(({ dataShards }) => dataShards.length > 0);
  return able.filter((device) => preferred.has(device) || pinned.some((each) => isFor(each, device)));
}

/** Workers of a device that courtesy and instructions let work at a time. */
export function maxWorkers(device: Device, assignments: readonly PlacementConstraint[]): number {
  const { workers } = limitsOf(device.profile);
  return Math.min(workers, constraintFor(device, assignments)?.workers ?? workers);
}

/** Those that may have work and have data shards to do it on, as a plan sees them. */
export function planDevices(
  able: readonly Device[],
  assignments: readonly PlacementConstraint[],
  shape: RunShape,
  pins: Pins,
): PlanDevice[] {
  return able
    .filter(({ id }) => hasData(pins, id))
    .map((device) => {
      const { fraction } = limitsOf(device.profile);
      const { batch, localSteps } = constraintFor(device, assignments) ?? {};
      const given = batch !== undefined || localSteps !== undefined;
      const gentle = fraction < 1 ? fraction * defaultUnitSamples(shape) : Infinity;
      return {
        device: device.id,
        time: device.times.settled ? device.times.cautious : null,
        maxSamples: Math.max(shape.batch, Math.min(gentle, inTime(device, shape))),
        workers: maxWorkers(device, assignments),
        hasData: device.history.cursor !== null,
        fixed: given ? { batch: batch ?? shape.batch, steps: localSteps ?? shape.steps } : null,
        required: pins.own.has(device.id),
      };
    });
}

/** Samples of a unit that a device is done with well before the longest lease ends. */
function inTime({ times: { fit } }: Device, { maxMs }: RunShape): number {
  return fit === null ? Infinity : (maxMs - fit.overheadMs) / fit.msPerSample;
}
