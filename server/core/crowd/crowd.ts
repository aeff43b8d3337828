import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import type { Hello, Ready } from '../../../shared/protocol/messages.ts';
import { resumeToken, sameSecret } from '../mac.ts';
import type { Device, DeviceCounts, DevicePort, DeviceRecord } from './device.ts';
import { DeviceRegistry } from './devices.ts';

/** Names one connection of a device: only the newest session of a device is heard. */
export interface DeviceSession {
  device: string;
  number: number;
}

export interface Joined {
  session: DeviceSession;
  /** Lets the device, and nobody else, come back under its id. */
  token: string;
}

/** A run that devices are lent to. */
export interface Borrower {
  /** The device has workers that would like a lease. */
  asked(device: Device): void;
  /** The device came, went, or its profile changed; called once the crowd has taken note of it. */
  changed(device: Device): void;
  /** What the device has on lease is taken back, but for complete updates [LS4]. */
  withdraw(device: Device): void;
}

export interface CrowdSettings {
  /** Secret under which resume tokens are made. */
  key: Uint8Array;
  /** Devices present at a time. */
  maxDevices: number;
}

/** All devices of a server: who joins under which id, which session is heard, what each can do. It grants nothing. */
export class Crowd {
  readonly #settings: CrowdSettings;
  readonly #mintDevice: () => string;
  readonly #devices = new DeviceRegistry();
  readonly #borrowers: Borrower[] = [];
  readonly #watchers: ((device: Device) => void)[] = [];

  /** @param mintDevice gives a fresh public device id. */
  constructor(settings: CrowdSettings, mintDevice: () => string) {
    this.#settings = settings;
    this.#mintDevice = mintDevice;
  }

  /** Devices with a connection. */
  get size(): number {
    return this.#devices.present().length;
  }

  get(device: string): Device | undefined {
    return this.#devices.get(device);
  }

  /** Devices with a connection. */
  present(): Device[] {
    return this.#devices.present();
  }

  /** Workers that ask for a lease: those that waited for the most versions first, then in the order of their seats. */
  ready(): { device: string; seat: number }[] {
    return this.#devices.ready();
  }

  /** Present and recent devices, for the admin's table. */
  records(): DeviceRecord[] {
    return this.#devices.all().map((device) => device.record());
  }

  /** The run hears of every device from now on, and may grant work to those that are present. */
  lendTo(borrower: Borrower): void {
    this.#borrowers.push(borrower);
  }

  /** Has the listener called whenever something of a device may have changed. */
  watch(listener: (device: Device) => void): void {
    this.#watchers.push(listener);
  }

  /** The device was set aside, or may have been, by who lends it [LS6]. */
  judged(device: Device): void {
    for (const tell of this.#watchers) tell(device);
  }

  /** The id that a resume token is of; null where it is no token of this server [AU5]. */
  recognise(resume: Hello['resume']): string | null {
    if (resume === undefined) return null;
    const genuine = sameSecret(resume.token, resumeToken(this.#settings.key, resume.device));
    return genuine ? resume.device : null;
  }

  /**
   * @param kept what is kept of a device that the crowd does not know; null: nothing.
   * @returns FULL where the server has as many devices as it takes [AU6].
   */
  join(
    profile: CapabilityProfile,
    resume: Hello['resume'],
    port: DevicePort,
    kept: DeviceCounts | null = null,
  ): Joined | 'FULL' {
    const id = this.recognise(resume) ?? this.#mintDevice();
    const before = this.#devices.get(id);
    if (before?.isHere === true) {
      this.#end(before);
      before.port.replaced();
    } else if (this.size >= this.#settings.maxDevices) {
      return 'FULL';
    }
    const device = this.#devices.join(id, profile, port, kept);
    this.#changed(device);
    return {
      session: { device: id, number: device.session },
      token: resumeToken(this.#settings.key, id),
    };
  }

  /** The device has workers without a lease, which would like one [LS8]. Those that have one change nothing. */
  asks(session: DeviceSession, { engine, trials, workers, conditions }: Ready): void {
    const device = this.heard(session);
    if (device === undefined) return;
    device.profile = { ...device.profile, engine, trials, workers, conditions };
    this.#devices.resize(device, workers);
    if (engine !== null) for (const borrower of this.#borrowers) borrower.asked(device);
    this.#changed(device);
  }

  /** The person stopped; the connection may stay. */
  leave(session: DeviceSession): void {
    const device = this.heard(session);
    if (device === undefined) return;
    this.#withdraw(device);
    device.leave();
    this.#changed(device);
  }

  /** The connection ended: whatever was not complete is reissued at once [LS4]. */
  disconnect(session: DeviceSession): void {
    const device = this.heard(session);
    if (device === undefined) return;
    this.#end(device);
    this.#changed(device);
  }

  /** The device of a session, where that is its newest and its connection lasts. */
  heard({ device, number }: DeviceSession): Device | undefined {
    const known = this.#devices.get(device);
    return known?.session === number && known.isHere ? known : undefined;
  }

  #end(device: Device): void {
    this.#withdraw(device);
    this.#devices.leave(device);
  }

  #withdraw(device: Device): void {
    for (const borrower of this.#borrowers) borrower.withdraw(device);
  }

  #changed(device: Device): void {
    for (const tell of this.#watchers) tell(device);
    for (const borrower of this.#borrowers) borrower.changed(device);
  }
}
