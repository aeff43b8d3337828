import type { Device } from '../crowd/device.ts';
import { TRUST } from '../crowd/trust.ts';

/** Whether a device shares bounded parts of the work with all that are new or suspected [TS16]. */
export const isBounded = ({ trust }: Device): boolean => TRUST[trust].bounded;

/** The devices that plans are made for: a bounded one sets the pace of nobody else, whatever it says of its own [TS17]. */
export function plannedFor(able: readonly Device[]): readonly Device[] {
  const others = able.filter((device) => !isBounded(device));
  return others.length === 0 ? able : others;
}
