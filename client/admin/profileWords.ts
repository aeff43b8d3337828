import type { CapabilityProfile } from '../../shared/profile/profile.ts';
import { formatBytes } from '../page/format.ts';

/** What a device is, for instance `phone, 8 cores, 4 workers, 30% battery, room: lab`. */
export function profileWords({
  formFactor,
  cores,
  memoryGiB,
  workers,
  secureContext,
  labels,
  conditions: { battery, metered, visibility },
}: CapabilityProfile): string {
  return [
    ...(formFactor === 'unknown' ? [] : [formFactor]),
    `${cores} ${cores === 1 ? 'core' : 'cores'}`,
    ...(memoryGiB === null ? [] : [`${Math.round(memoryGiB)} GiB`]),
    ...(workers === 1 ? [] : [`${workers} workers`]),
    ...(battery === null || battery.charging ? [] : [`${Math.round(100 * battery.level)}% battery`]),
    ...(metered === true ? ['metered'] : []),
    ...(visibility === 'hidden' ? ['hidden'] : []),
    ...(secureContext ? [] : ['not over https']),
    ...Object.entries(labels).map(([name, value]) => `${name}: ${value}`),
  ].join(', ');
}

/** What a device measured of its connection, each figure with whose word it is. */
export function conditionWords({ conditions: { roundTripMs, downlink } }: CapabilityProfile): string {
  const trip = roundTripMs === null ? 'unknown' : `${roundTripMs.toFixed(1)} ms (reported)`;
  const down = downlink === null ? 'unknown' : `${formatBytes(downlink)}/s (reported)`;
  return `Round trip ${trip}; downlink ${down}; uplink unknown`;
}
