import type { Device } from '../crowd/device.ts';
import { TRUST } from '../crowd/trust.ts';
import { areEnough } from '../enoughTrusted.ts';

/** Whether a device shares bounded parts of the work with all that are new or suspected [TS16]. */
export const isBounded = ({ trust }: Device): boolean => TRUST[trust].bounded;

/** Whether these, which are trusted, are enough of all devices for the others to be held down beside them [TS21]. */
export function holdOthers(trusted: readonly Device[], all: number): boolean {
  const isOneVouched = trusted.some(({ history }) => history.trust.vouched);
  return areEnough({ count: trusted.length, isOneVouched }, all);
}

/** The devices that plans are made for: a bounded one sets the pace of nobody else, whatever it says of its own [TS17]. */
export function plannedFor(able: readonly Device[]): readonly Device[] {
  const others = able.filter((device) => !isBounded(device));
  return holdOthers(others, able.length) ? others : able;
}
