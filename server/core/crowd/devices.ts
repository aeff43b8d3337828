import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import { Device, MAX_FAULTS, type DeviceHistory, type DevicePort, type KeptHistory } from './device.ts';
import { SeatNumbers } from './seatNumbers.ts';
import { firstTrust, TRUST, vouchedFor } from './trust.ts';

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

/** Present and recent devices by id. What it is asked for each message of a device does not grow with how many are here. */
export class DeviceRegistry {
  /** In the order in which they joined. */
  readonly #present = new Map<string, Device>();
  /** In the order in which they left. */
  readonly #gone = new Map<string, Device>();
  /** All that ask for work, and some that no longer do. */
  readonly #asking = new Set<Device>();
  /** Those that are not bounded [TS16]. */
  readonly #unbounded = new Set<Device>();
  /** By device, the workers that may have work, and their sum. */
  readonly #workersOf = new Map<string, number>();
  #workers = 0;
  readonly #numbers = new SeatNumbers();
  #sessions = 0;

  /** Devices with a connection. */
  get size(): number {
    return this.#present.size;
  }

  /** Workers of present devices that may have work. */
  get workers(): number {
    return this.#workers;
  }

  get(id: string): Device | undefined {
    return this.#present.get(id) ?? this.#gone.get(id);
  }

  all(): Device[] {
    return [...this.#present.values(), ...this.#gone.values()];
  }

  /** Devices with a connection. */
  present(): Device[] {
    return [...this.#present.values()];
  }

  /** Those of them that are trusted. */
  unbounded(): Device[] {
    return [...this.#unbounded];
  }

  /** Workers that ask for a lease: those that waited for the most versions first, then in the order of their seats. */
  ready(): { device: string; seat: number }[] {
    return [...this.#asking]
      .flatMap((device) => {
        const { ready } = device;
        if (ready.length === 0) this.#asking.delete(device);
        return ready;
      })
      .sort((left, right) => left.idleSince - right.idleSince || left.seat - right.seat)
      .map(({ device, seat }) => ({ device, seat }));
  }

  join(id: string, profile: CapabilityProfile, port: DevicePort, arrival: Arrival): Device {
    const history = this.get(id)?.history ?? historyOf(arrival);
    this.#gone.delete(id);
    comingBack(history, arrival);
    const touched = (changed: Device) => this.touched(changed);
    const parts = { id, session: ++this.#sessions, port, numbers: this.#numbers, touched };
    const device = new Device(parts, profile, history);
    this.#present.set(id, device);
    device.resize(profile.workers);
    return device;
  }

  leave(device: Device): void {
    device.end();
    this.#present.delete(device.id);
    this.#gone.set(device.id, device);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > REMEMBERED_GONE && oldest !== undefined) this.#gone.delete(oldest);
  }

  /** Something of the device changed: what is known of all is brought up to date. */
  touched(device: Device): void {
    const { id, works, trust, seats } = device;
    const workers = works ? seats.length : 0;
    this.#workers += workers - (this.#workersOf.get(id) ?? 0);
    if (workers > 0) {
      this.#workersOf.set(id, workers);
      this.#asking.add(device);
    } else {
      this.#workersOf.delete(id);
      this.#asking.delete(device);
    }
    if (device.isHere && !TRUST[trust].bounded) this.#unbounded.add(device);
    else this.#unbounded.delete(device);
  }
}
