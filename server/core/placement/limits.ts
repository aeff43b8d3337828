import { FORM_FACTORS, type CapabilityProfile } from '../../../shared/profile/profile.ts';

/** What a plan may ask of a device at most, and why. */
export interface DeviceLimits {
  /** It gets no work as long as this is so. */
  reserve: boolean;
  /** Workers at a time. */
  workers: number;
  /** Of the default unit, 0 to 1. */
  fraction: number;
  /** Data shards that it fetches; null: any number. */
  dataShards: number | null;
  reasons: string[];
}

/** Below this fraction of its charge a device that is not charging gets no work. */
const MIN_BATTERY = 0.2;
/** A device that is carried has units of this fraction, one at a time, unless it is known to be charging. */
const CARRIED_FRACTION = 0.5;

/** The limits that follow from a device's profile: they save the volunteer's battery and data volume [PL9]. */
export function limitsOf({
  formFactor,
  workers,
  conditions: { battery, metered },
}: CapabilityProfile): DeviceLimits {
  const limits: DeviceLimits = { reserve: false, workers, fraction: 1, dataShards: null, reasons: [] };
  const charging = battery?.charging ?? false;
  if (battery !== null && !charging && battery.level < MIN_BATTERY) {
    limits.reserve = true;
    limits.reasons.push(`its battery is at ${Math.round(100 * battery.level)}% and not charging`);
  }
  if (FORM_FACTORS[formFactor].isCarried && !charging) {
    limits.workers = 1;
    limits.fraction = CARRIED_FRACTION;
    limits.reasons.push(`a ${formFactor} that is not known to be charging: one worker, half the unit`);
  }
  if (metered === true) {
    limits.dataShards = 1;
    limits.reasons.push('its connection is metered: one data shard');
  }
  return limits;
}
