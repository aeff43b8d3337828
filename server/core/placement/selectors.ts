import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import type { PlacementConstraint, Selector } from '../../../shared/protocol/placement.ts';

/** A device as selectors see it. */
export interface NamedDevice {
  id: string;
  profile: CapabilityProfile;
}

/** Whether a device has everything that a selector names. */
export function matches(
  { labels = {}, formFactor, engine }: Selector,
  { profile }: Pick<NamedDevice, 'profile'>,
): boolean {
  return (
    Object.entries(labels).every(([name, value]) => profile.labels[name] === value) &&
    (formFactor === undefined || profile.formFactor === formFactor) &&
    (engine === undefined || profile.engine?.name === engine)
  );
}

/** Whether a constraint applies to this device. */
export function isFor({ device, selector }: PlacementConstraint, named: NamedDevice): boolean {
  return device === undefined ? matches(selector ?? {}, named) : device === named.id;
}

/** For instance `room: lab, phone`. */
export function describeSelector({ labels = {}, formFactor, engine }: Selector): string {
  const words = [
    ...Object.entries(labels).map(([name, value]) => `${name}: ${value}`),
    ...(formFactor === undefined ? [] : [formFactor]),
    ...(engine === undefined ? [] : [engine]),
  ];
  return words.length === 0 ? 'every device' : words.join(', ');
}

/** For instance `device 0123456789ab` or `room: lab`. */
export const nameOf = ({ device, selector }: PlacementConstraint): string =>
  device === undefined ? describeSelector(selector ?? {}) : `device ${device}`;
