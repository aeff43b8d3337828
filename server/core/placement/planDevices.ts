import { ROLES, type PlacementConstraint } from '../../../shared/protocol/placement.ts';
import type { Device } from '../crowd/device.ts';
import { limitsOf } from './limits.ts';
import { hasData, type Pins } from './pins.ts';
import { isFor, matches } from './selectors.ts';
import { defaultUnitSamples, type PlanDevice, type RunShape } from './plan.ts';

/** The constraint for a device; the last where there are several. */
export function constraintFor(
  device: Device,
  constraints: readonly PlacementConstraint[],
): PlacementConstraint | undefined {
  return constraints.findLast((each) => isFor(each, device));
}

/**
 * Whether a device may have work, apart from the others: it is present and has an engine, neither constraints nor
 * limits hold it back, and it is what the run requires [PL13].
 */
export function mayWork(
  device: Device,
  constraints: readonly PlacementConstraint[],
  { requires }: RunShape,
): boolean {
  if (!device.works || device.profile.engine === null) return false;
  const constraint = constraintFor(device, constraints);
  if (constraint !== undefined && !ROLES[constraint.role].works) return false;
  return !limitsOf(device.profile).reserve && matches(requires, device);
}

/**
 * Devices that may have work; while those that the run prefers are enough for a round, they alone, and those that an
 * constraint pins data shards to [PL39].
 */
export function ableDevices(
  devices: readonly Device[],
  constraints: readonly PlacementConstraint[],
  shape: RunShape,
): Device[] {
  const able = devices.filter((device) => mayWork(device, constraints, shape));
  const preferred = new Set(able.filter((device) => matches(shape.prefers, device)));
  if (preferred.size === able.length) return able;
  const workers = [...preferred].reduce((sum, device) => sum + maxWorkers(device, constraints), 0);
  if (workers < Math.max(1, shape.minWorkers)) return able;
  const pinned = constraints.filter(({ dataShards }) => dataShards.length > 0);
  return able.filter((device) => preferred.has(device) || pinned.some((each) => isFor(each, device)));
}

/** Workers of a device that its limits and constraints let work at a time. */
export function maxWorkers(device: Device, constraints: readonly PlacementConstraint[]): number {
  const { workers } = limitsOf(device.profile);
  return Math.min(workers, constraintFor(device, constraints)?.workers ?? workers);
}

/** Those that may have work and have data shards to do it on, as a plan sees them. */
export function planDevices(
  able: readonly Device[],
  constraints: readonly PlacementConstraint[],
  shape: RunShape,
  pins: Pins,
): PlanDevice[] {
  return able
    .filter(({ id }) => hasData(pins, id))
    .map((device) => {
      const { fraction } = limitsOf(device.profile);
      const { batch, localSteps } = constraintFor(device, constraints) ?? {};
      const given = batch !== undefined || localSteps !== undefined;
      const gentle = fraction < 1 ? fraction * defaultUnitSamples(shape) : Infinity;
      return {
        device: device.id,
        time: device.times.settled ? device.times.upperEstimate : null,
        maxSamples: Math.max(shape.batch, Math.min(gentle, inTime(device, shape))),
        workers: maxWorkers(device, constraints),
        hasData: device.history.cursor !== null,
        fixed: given ? { batch: batch ?? shape.batch, steps: localSteps ?? shape.steps } : null,
        required: pins.own.has(device.id),
      };
    });
}

/** Samples of a unit that a device completes before the longest lease ends. */
function inTime({ times: { fit } }: Device, { maxMs }: RunShape): number {
  return fit === null ? Infinity : (maxMs - fit.overheadMs) / fit.msPerSample;
}
