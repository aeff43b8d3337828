import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import type { Assignment } from '../../../shared/protocol/placement.ts';

/** A device as instructions see it. */
export interface NamedDevice {
  id: string;
  profile: CapabilityProfile;
}

/** Whether an instruction is for this device. */
export function isFor({ device, selector }: Assignment, { id, profile }: NamedDevice): boolean {
  if (device !== undefined) return device === id;
  const { labels = {}, formFactor, engine } = selector ?? {};
  return (
    Object.entries(labels).every(([name, value]) => profile.labels[name] === value) &&
    (formFactor === undefined || profile.formFactor === formFactor) &&
    (engine === undefined || profile.engine?.name === engine)
  );
}

/** For instance `device 0123456789ab` or `room: lab`. */
export function nameOf({ device, selector }: Assignment): string {
  if (device !== undefined) return `device ${device}`;
  const { labels = {}, formFactor, engine } = selector ?? {};
  const words = [
    ...Object.entries(labels).map(([name, value]) => `${name}: ${value}`),
    ...(formFactor === undefined ? [] : [formFactor]),
    ...(engine === undefined ? [] : [engine]),
  ];
  return words.length === 0 ? 'every device' : words.join(', ');
}
