import type { CapabilityProfile } from '../../../shared/profile/profile.ts';

/** What a device may be asked for at most, whatever a plan would like, and why. */
export interface DeviceLimits {
  /** It gets no work as long as this is so. */
  reserve: boolean;
  /** Workers at a time. */
  workers: number;
  /** Of the recipe's unit, 0 to 1. */
  fraction: number;
  /** Data shards that it fetches; null: any number. */
  dataShards: number | null;
  reasons: string[];
}

/** Below this share of its charge a device that is not charging gets no work. */
const MIN_BATTERY = 0.2;
/** A device that is carried has units of this share, one at a time, unless it is known to be charging. */
const CARRIED_SHARE = 0.5;

/** What the profile of a device asks for: a volunteer's battery and data volume are not ours to spend [PL9]. */
export function limitsOf({
  formFactor,
  workers,
  conditions: { battery, metered },
}: CapabilityProfile): DeviceLimits {
  const courtesy: DeviceLimits = { reserve: false, workers, fraction: 1, dataShards: null, reasons: [] };
  const charging = battery?.charging ?? false;
  if (battery !== null && !charging && battery.level < MIN_BATTERY) {
    courtesy.reserve = true;
    courtesy.reasons.push(`its battery is at ${Math.round(100 * battery.level)}% and not charging`);
  }
  if ((formFactor === 'phone' || formFactor === 'tablet') && !charging) {
    courtesy.workers = 1;
    courtesy.fraction = CARRIED_SHARE;
    courtesy.reasons.push(`a ${formFactor} that is not known to be charging: one worker, half the unit`);
  }
  if (metered === true) {
    courtesy.dataShards = 1;
    courtesy.reasons.push('its connection is metered: one data shard');
  }
  return courtesy;
}
