import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import { Device, MAX_FAULTS, type DeviceHistory, type DevicePort, type KeptHistory } from './device.ts';
import { firstTrust, vouchedFor } from './trust.ts';

/** Devices that left stay in the table until this many have. */
const REMEMBERED_GONE = 200;

/** What is known of a device that comes, beyond what it says. */
export interface Arrival {
  /** What is kept of one that is not known here; null: nothing. */
  kept: KeptHistory | null;
  /** It showed the join credential, where the server has one. */
  vouched: boolean;
}

const historyOf = ({ kept, vouched }: Arrival): DeviceHistory => ({
  paces: new Map(),
  staleness: null,
  dataShards: [],
  cursor: null,
  ...(kept ?? { applied: 0, samples: 0, lost: 0, faultsInRow: 0, trust: firstTrust(vouched) }),
});

/** What a device did wrong on its last connection leaves it one fault until it is set aside again [TS11]. */
function comingBack(history: DeviceHistory, { vouched }: Arrival): void {
  history.faultsInRow = Math.min(history.faultsInRow, MAX_FAULTS - 1);
  if (vouched) history.trust = vouchedFor(history.trust);
}

/** Present and recent devices by id. */
export class DeviceRegistry {
  readonly #devices = new Map<string, Device>();
  #sessions = 0;

  get(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  all(): Device[] {
    return [...this.#devices.values()];
  }

  /** Devices with a connection. */
  present(): Device[] {
    return this.all().filter(({ isHere }) => isHere);
  }

  /** Workers that ask for a lease: those that waited for the most versions first, then in the order of their seats. */
  ready(): { device: string; seat: number }[] {
    return this.all()
      .flatMap(({ ready }) => ready)
      .sort((left, right) => left.idleSince - right.idleSince || left.seat - right.seat)
      .map(({ device, seat }) => ({ device, seat }));
  }

  join(id: string, profile: CapabilityProfile, port: DevicePort, arrival: Arrival): Device {
    const known = this.#devices.get(id);
    this.#devices.delete(id);
    const history = known?.history ?? historyOf(arrival);
    comingBack(history, arrival);
    const device = new Device({ id, session: ++this.#sessions, port }, profile, history);
    this.#devices.set(id, device);
    this.resize(device, profile.workers);
    return device;
  }

  /** Has a seat for each worker of the device [LS17]. */
  resize(device: Device, workers: number): void {
    device.resize(workers, () => this.#freeSeat());
  }

  leave(device: Device): void {
    device.status = 'gone';
    const gone = this.all().filter(({ isHere }) => !isHere);
    for (const { id } of gone.slice(0, Math.max(0, gone.length - REMEMBERED_GONE))) this.#devices.delete(id);
  }

  #freeSeat(): number {
    const taken = new Set(this.present().flatMap(({ seats }) => seats));
    let seat = 0;
    while (taken.has(seat)) seat++;
    return seat;
  }
}
