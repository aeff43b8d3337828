import type { Assignment } from '../../../shared/protocol/placement.ts';
import type { Device } from '../device.ts';
import { courtesyTo } from './courtesy.ts';
import type { Pins } from './pins.ts';
import { isFor } from './selectors.ts';
import { recipeSamples, type PlanDevice, type RunShape } from './plan.ts';

/** The instruction for a device: of several the last. */
export function instructionFor(device: Device, assignments: readonly Assignment[]): Assignment | undefined {
  return assignments.findLast((each) => isFor(each, device));
}

/** Devices that may have work: present, with an engine, and held back neither by instructions nor by courtesy. */
export function ableDevices(devices: readonly Device[], assignments: readonly Assignment[]): Device[] {
  return devices.filter((device) => {
    if (device.standing !== 'present' || device.profile.engine === null) return false;
    return instructionFor(device, assignments)?.role !== 'reserve' && !courtesyTo(device.profile).reserve;
  });
}

/** Those that may have work and have data shards to do it on, as a plan sees them. */
export function planDevices(
  able: readonly Device[],
  assignments: readonly Assignment[],
  shape: RunShape,
  pins: Pins,
): PlanDevice[] {
  const withData = able.filter(({ id }) => pins.free.length > 0 || pins.own.has(id));
  return withData.map((device) => {
    const { share, workers } = courtesyTo(device.profile);
    const { batch, localSteps, workers: told = workers } = instructionFor(device, assignments) ?? {};
    const given = batch !== undefined || localSteps !== undefined;
    const gentle = share < 1 ? share * recipeSamples(shape) : Infinity;
    return {
      device: device.id,
      time: device.times.settled ? device.times.fit : null,
      mostSamples: Math.max(shape.batch, Math.min(gentle, inTime(device, shape))),
      workers: Math.min(workers, told),
      hasData: device.history.walk !== null,
      fixed: given ? { batch: batch ?? shape.batch, steps: localSteps ?? shape.steps } : null,
      required: pins.own.has(device.id),
    };
  });
}

/** Samples of a unit that a device is done with well before the longest lease ends. */
function inTime({ times: { fit } }: Device, { mostMs }: RunShape): number {
  return fit === null ? Infinity : (mostMs - fit.overheadMs) / fit.msPerSample;
}

/** A device and what may be asked of it: while this text is the same, what was planned for it holds. */
export function standingOf(device: Device, able: boolean, assignments: readonly Assignment[]): string {
  const { workers, share, dataShards } = courtesyTo(device.profile);
  const kind = !able ? 'held' : device.times.settled ? 'known' : 'new';
  const { workers: told, batch, localSteps } = instructionFor(device, assignments) ?? {};
  return [device.id, kind, workers, share, dataShards, told, batch, localSteps].join(' ');
}
