import type { NewEvent } from '../../../shared/protocol/events.ts';
import type { Device } from './device.ts';
import type { DeviceStatus } from './deviceStatus.ts';

type Say = (device: Device) => NewEvent;

const JOINED: Say = ({ id, profile }) => ({ type: 'joined', actor: id, agent: profile.agent });

/** What is recorded when a device comes to a status. */
const BY_STATUS: Record<DeviceStatus, Say> = {
  present: JOINED,
  left: ({ id, history: { applied } }) => ({ type: 'left', actor: id, applied }),
  faulty: ({ id, history: { applied } }) => ({ type: 'faulty', actor: id, applied }),
  gone: ({ id, history: { applied } }) => ({ type: 'gone', actor: id, applied }),
};

/** Makes events of what becomes of devices: each time that one joins, or its status changes [LG2]. */
export class DeviceEvents {
  readonly #record: (event: NewEvent) => void;
  /** Of devices with a connection. */
  readonly #known = new Map<string, Pick<Device, 'session' | 'status'>>();

  constructor(record: (event: NewEvent) => void) {
    this.#record = record;
  }

  /** Something about the device may have changed. */
  look(device: Device): void {
    const { id, session, status, isHere } = device;
    const before = this.#known.get(id);
    if (isHere) this.#known.set(id, { session, status });
    else this.#known.delete(id);
    if (before?.session !== session) this.#record(JOINED(device));
    else if (before.status !== status) this.#record(BY_STATUS[status](device));
  }
}
