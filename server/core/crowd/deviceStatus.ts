import type { DeviceRow } from '../../../shared/protocol/admin.ts';

interface StatusTraits {
  /** It may have work. */
  works: boolean;
  /** It has a connection. */
  isHere: boolean;
  /** Its workers may ask for work again. */
  mayAsk: boolean;
  /** What the admin is shown; null: what its workers do. */
  shown: DeviceRow['state'] | null;
}

/** Where a device stands with the server, whatever its workers do. */
export const DEVICE_STATUSES = {
  present: { works: true, isHere: true, mayAsk: true, shown: null },
  /** Set aside for this connection. */
  faulty: { works: false, isHere: true, mayAsk: false, shown: 'faulty' },
  /** Its person stopped. */
  left: { works: false, isHere: true, mayAsk: true, shown: 'left' },
  gone: { works: false, isHere: false, mayAsk: true, shown: 'gone' },
} as const satisfies Record<string, StatusTraits>;
export type DeviceStatus = keyof typeof DEVICE_STATUSES;
