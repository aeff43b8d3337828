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
  /** Those of which workers ask for a lease. */
  readonly #asking = new Set<Device>();
  /** Those that are not bounded [TS16]. */
  readonly #unbounded = new Set<Device>();
  /** By device, what it adds to the sums below. */
  readonly #added = new Map<string, Added>();
  #workers = 0;
  #waiting = 0;
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

  /** Those of them that ask for a lease. */
  get waiting(): number {
    return this.#waiting;
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
      .flatMap(({ ready }) => ready)
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
    const { id, isHere, works, trust } = device;
    const waiting = device.ready.length;
    const before = this.#added.get(id) ?? NOTHING;
    const now = { workers: works ? device.seats.length : 0, waiting };
    this.#workers += now.workers - before.workers;
    this.#waiting += now.waiting - before.waiting;
    if (isHere) this.#added.set(id, now);
    else this.#added.delete(id);
    keepIn(this.#asking, device, waiting > 0);
    keepIn(this.#unbounded, device, isHere && !TRUST[trust].bounded);
  }
}

/** Workers of a device that may have work, and those that ask for it. */
interface Added {
  workers: number;
  waiting: number;
}

const NOTHING: Added = { workers: 0, waiting: 0 };

function keepIn(devices: Set<Device>, device: Device, isIn: boolean): void {
  if (isIn) devices.add(device);
  else devices.delete(device);
}
