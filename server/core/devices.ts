import type { CapabilityProfile } from '../../shared/profile/profile.ts';
import type { DeviceRow } from '../../shared/protocol/admin.ts';
import type { Lease } from '../../shared/protocol/messages.ts';
import type { ReadyDevice } from './policy/policy.ts';

/** How the core reaches a joined device. */
export interface DevicePort {
  lease(lease: Lease): void;
  /** The device joined again elsewhere: this connection is over. */
  replaced(): void;
}

export interface Device {
  id: string;
  seat: number;
  /** Counts the joins, so that what an earlier connection says late is not taken for the present one's. */
  session: number;
  port: DevicePort;
  profile: CapabilityProfile;
  state: DeviceRow['state'];
  /** The version at which it became idle. */
  idleSince: number;
  /** The lease it works on, or null. */
  lease: number | null;
  /** The version whose weights it holds, or null. */
  holds: number | null;
  /** Moving average of milliseconds from lease to whole update; null before the first. */
  unitMs: number | null;
  samplesPerSecond: number;
  staleness: number | null;
  applied: number;
  samples: number;
  lost: number;
  /** Bad updates, releases and expired leases in a row. */
  faults: number;
}

/** Weight of the newest unit in a device's moving averages. */
const AVERAGE_WEIGHT = 0.3;
/** After this many bad updates, releases or expired leases in a row a device gets no more work on this connection. */
const MAX_FAULTS = 5;
/** Devices that left stay in the table until this many have. */
const REMEMBERED_GONE = 200;

/** Present and recent devices by id, and what is known of each. */
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
    return this.all().filter(({ state }) => state !== 'gone');
  }

  /** Devices that would like a lease: who waits for more versions first, then in the order of their seats. */
  ready(): ReadyDevice[] {
    return this.all()
      .filter(({ state, lease }) => state === 'idle' && lease === null)
      .sort((left, right) => left.idleSince - right.idleSince || left.seat - right.seat)
      .map(({ id, seat, unitMs }) => ({ device: id, seat, unitMs }));
  }

  join(id: string, profile: CapabilityProfile, port: DevicePort): Device {
    const known = this.#devices.get(id);
    this.#devices.delete(id);
    const device: Device = {
      ...(known ?? { unitMs: null, samplesPerSecond: 0, staleness: null, applied: 0, samples: 0, lost: 0 }),
      id,
      profile,
      port,
      seat: this.#freeSeat(),
      session: ++this.#sessions,
      state: 'silent',
      idleSince: 0,
      lease: null,
      holds: null,
      faults: 0,
    };
    this.#devices.set(id, device);
    return device;
  }

  leave(device: Device): void {
    device.state = 'gone';
    const gone = this.all().filter(({ state }) => state === 'gone');
    for (const { id } of gone.slice(0, Math.max(0, gone.length - REMEMBERED_GONE))) this.#devices.delete(id);
  }

  /** It would like a lease from now on. */
  static idle(device: Device, version: number): void {
    if (device.state !== 'idle') device.idleSince = version;
    device.state = 'idle';
  }

  /** A unit became whole after so many milliseconds. */
  static measure(device: Device, unitMs: number, samples: number): void {
    const mix = (old: number | null, now: number) =>
      old === null ? now : old + AVERAGE_WEIGHT * (now - old);
    device.unitMs = mix(device.unitMs, Math.max(1, unitMs));
    device.samplesPerSecond = (1000 * samples) / device.unitMs;
    device.samples += samples;
  }

  /** It did not do in so many milliseconds what it was thought to: the next lease takes that into account. */
  static slower(device: Device, elapsedMs: number): void {
    if (device.unitMs !== null)
      device.unitMs = Math.max(device.unitMs, Math.min(2 * device.unitMs, elapsedMs));
  }

  /** A lease came to nothing. */
  static lose(device: Device): void {
    device.lost++;
    device.lease = null;
    device.faults++;
    device.state = device.faults >= MAX_FAULTS ? 'faulty' : 'silent';
  }

  #freeSeat(): number {
    const taken = new Set(this.present().map(({ seat }) => seat));
    let seat = 0;
    while (taken.has(seat)) seat++;
    return seat;
  }
}

/** The row of the admin's device table. */
export function deviceRowOf(device: Device): DeviceRow {
  const { id, state, profile, samplesPerSecond, staleness, applied, samples, lost } = device;
  return { device: id, state, profile, samplesPerSecond, staleness, applied, samples, lost };
}
