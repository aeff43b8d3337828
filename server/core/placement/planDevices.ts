import type { Assignment } from '../../../shared/protocol/placement.ts';
import type { Device } from '../device.ts';
import { courtesyTo } from './courtesy.ts';
import { isFor } from './directives.ts';
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

/** Those that may have work, as a plan sees them. */
export function planDevices(
  able: readonly Device[],
  assignments: readonly Assignment[],
  shape: RunShape,
  hasData: (device: string) => boolean,
): PlanDevice[] {
  return able.map((device) => {
    const { share, workers } = courtesyTo(device.profile);
    const { batch, localSteps, workers: told = workers } = instructionFor(device, assignments) ?? {};
    const given = batch !== undefined || localSteps !== undefined;
    const gentle = share < 1 ? Math.max(shape.batch, share * recipeSamples(shape)) : Infinity;
    return {
      device: device.id,
      time: device.times.settled ? device.times.fit : null,
      mostSamples: gentle,
      workers: Math.min(workers, told),
      hasData: hasData(device.id),
      fixed: given ? { batch: batch ?? shape.batch, steps: localSteps ?? shape.steps } : null,
    };
  });
}

/** Who is there and what may be asked of them: while this text is the same, a plan made for it holds. */
export function membershipOf(devices: readonly Device[], able: readonly Device[]): string {
  const working = new Set(able);
  return devices
    .map((device) => {
      const { workers, share, dataShards } = courtesyTo(device.profile);
      const kind = !working.has(device) ? 'held' : device.times.settled ? 'known' : 'new';
      return `${device.id} ${kind} ${workers} ${share} ${dataShards ?? 'any'}`;
    })
    .join(';');
}
