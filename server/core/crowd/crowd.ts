import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import type { Hello, Ready } from '../../../shared/protocol/messages.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { AuditVerdict, TrustCause, TrustRecord } from '../../../shared/protocol/trust.ts';
import { resumeToken, sameSecret } from '../mac.ts';
import type { Device, DevicePort, DeviceRecord, KeptHistory } from './device.ts';
import { DeviceRegistry, type Arrival } from './devices.ts';
import { audited, barredBy, faulted, pardonedBy, TRUST } from './trust.ts';

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
  /** Every lease of the device ends, also those whose updates are complete [TS7]. */
  bar(device: Device): void;
}

/** Another state of trust, or another reason for it. */
export interface TrustChange {
  device: string;
  from: TrustRecord;
  to: TrustRecord;
}

/** Nothing is known of it, and it showed nothing. */
const STRANGER: Arrival = { kept: null, vouched: false };

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
  readonly #trustWatchers: ((change: TrustChange) => void)[] = [];

  /** @param mintDevice gives a fresh public device id. */
  constructor(settings: CrowdSettings, mintDevice: () => string) {
    this.#settings = settings;
    this.#mintDevice = mintDevice;
  }

  /** Devices with a connection. */
  get size(): number {
    return this.#devices.size;
  }

  get(device: string): Device | undefined {
    return this.#devices.get(device);
  }

  /** Devices with a connection. */
  present(): Device[] {
    return this.#devices.present();
  }

  /** Of those, the ones that are trusted. */
  unbounded(): Device[] {
    return this.#devices.unbounded();
  }

  /** Workers of present devices that may have work. */
  get workers(): number {
    return this.#devices.workers;
  }

  /** Those of them that ask for a lease. */
  get waiting(): number {
    return this.#devices.waiting;
  }

  /** Workers that ask for a lease: those that waited for the most versions first, then in the order of their seats. */
  ready(): { device: string; seat: number }[] {
    return this.#devices.ready();
  }

  /** Present and recent devices, for the admin's table. */
  records(): DeviceRecord[] {
    return this.#devices.all().map((device) => device.record());
  }

  /** Present and recent devices, as they are kept. */
  histories(): ({ device: string } & KeptHistory)[] {
    return this.#devices.all().map(({ id, history }) => {
      const { applied, samples, lost, faultsInRow, trust } = history;
      return { device: id, applied, samples, lost, faultsInRow, trust };
    });
  }

  /** The run hears of every device from now on, and may grant work to those that are present. */
  lendTo(borrower: Borrower): void {
    this.#borrowers.push(borrower);
  }

  /** Has the listener called whenever something of a device may have changed. */
  watch(listener: (device: Device) => void): void {
    this.#watchers.push(listener);
  }

  /** Has the listener called whenever a device comes to another state of trust [TS10]. */
  watchTrust(listener: (change: TrustChange) => void): void {
    this.#trustWatchers.push(listener);
  }

  /** A lease of the device ended with this outcome, which is the device's fault [LS6] [TS6]. */
  atFault(device: Device, outcome: Outcome): void {
    this.#judge(device, (trust) => faulted(trust, outcome));
    for (const tell of this.#watchers) tell(device);
  }

  /**
   * A unit of the device was recomputed: its trust changes, and all that follows from that happens at once. A device
   * that nobody remembers is left alone. Not to be called in the midst of a commit, as {@link bar}.
   * @param why what the audit found, as a clause for people, such as “the update is 1.3 times its own length off”.
   */
  audited(device: string, verdict: AuditVerdict, why: string): void {
    const known = this.#devices.get(device);
    if (known !== undefined) this.#judge(known, (trust) => audited(trust, verdict, why));
  }

  /**
   * The device may work no more: its leases end [TS7], its connection is closed [TS8].
   * @param why a clause for people.
   * @returns false where no such device is remembered.
   */
  bar(device: string, why: string, by: TrustCause['by'] = 'server'): boolean {
    const known = this.#devices.get(device);
    if (known !== undefined) this.#judge(known, (trust) => barredBy(trust, by, why));
    return known !== undefined;
  }

  /**
   * The device begins again, with nothing against it [TS9].
   * @param why a clause for people.
   * @returns false where no such device is remembered.
   */
  pardon(device: string, why: string, by: TrustCause['by'] = 'server'): boolean {
    const known = this.#devices.get(device);
    if (known !== undefined) this.#judge(known, (trust) => pardonedBy(trust, by, why));
    return known !== undefined;
  }

  /** The id that a resume token is of; null where it is no token of this server [AU5]. */
  recognise(resume: Hello['resume']): string | null {
    if (resume === undefined) return null;
    const genuine = sameSecret(resume.token, resumeToken(this.#settings.key, resume.device));
    return genuine ? resume.device : null;
  }

  /** @returns FULL where the server has as many devices as it takes [AU6], BARRED where this one may not join [TS8]. */
  join(
    profile: CapabilityProfile,
    resume: Hello['resume'],
    port: DevicePort,
    arrival = STRANGER,
  ): Joined | 'FULL' | 'BARRED' {
    const id = this.recognise(resume) ?? this.#mintDevice();
    const before = this.#devices.get(id);
    const trust = (before?.history ?? arrival.kept)?.trust;
    if (trust !== undefined && !TRUST[trust.state].joins) return 'BARRED';
    if (before?.isHere === true) {
      this.#end(before);
      before.port.replaced();
    } else if (this.size >= this.#settings.maxDevices) {
      return 'FULL';
    }
    const device = this.#devices.join(id, profile, port, arrival);
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
    device.resize(workers);
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

  /** Takes note of another judgement of the device, and does what follows from a change of its state. */
  #judge(device: Device, judge: (trust: TrustRecord) => TrustRecord): void {
    const from = device.history.trust;
    const to = judge(from);
    device.history.trust = to;
    if (to.state === from.state) return;
    this.#devices.touched(device);
    for (const tell of this.#trustWatchers) tell({ device: device.id, from, to });
    if (!TRUST[to.state].joins) this.#throwOut(device);
    this.#changed(device);
  }

  #throwOut(device: Device): void {
    for (const borrower of this.#borrowers) borrower.bar(device);
    if (!device.isHere) return;
    this.#end(device);
    device.port.barred();
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
