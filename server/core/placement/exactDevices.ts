import { CAN_BE_STRICT, type CapabilityProfile } from '../../../shared/profile/profile.ts';
import type { Device } from '../crowd/device.ts';
import { limitsOf } from './limits.ts';
import type { RunShape } from './plan.ts';
import { ableDevices } from './planDevices.ts';
import { whyNot } from './allocations.ts';

/*
 * A repeatable run has one unit for all devices: a device that cannot do exactly that, to the same bits, has none [PL37].
 */

/** Devices that may have work in a repeatable run. */
export function exactDevices(devices: readonly Device[], shape: RunShape): Device[] {
  const exact = devices.filter(({ profile }) => inexactness(profile).length === 0);
  return ableDevices(exact, [], shape);
}

/** Why a device is none of those. */
export function whyNotExact(device: Device, shape: RunShape): string[] {
  const reasons = inexactness(device.profile);
  return reasons.length > 0 ? reasons : whyNot(device, undefined, shape);
}

function inexactness(profile: CapabilityProfile): string[] {
  const { engine } = profile;
  const { reasons } = limitsOf(profile);
  if (reasons.length > 0) return [...reasons, 'in a repeatable run no device can be given less'];
  if (engine === null || CAN_BE_STRICT[engine.name]) return [];
  return [`this run is repeatable, and ${engine.name} does not give the same bits on every machine`];
}
