import { DEVICE_STATUSES, type DeviceStatus } from './deviceStatus.ts';
import type { CapabilityProfile } from '../../../shared/profile/profile.ts';
import type { DeviceFigures, DeviceRow } from '../../../shared/protocol/admin.ts';
import { measured, reported } from '../../../shared/profile/figure.ts';
import type { Lease } from '../../../shared/protocol/messages.ts';
import type { TrustRecord, TrustState } from '../../../shared/protocol/trust.ts';
import type { SeatNumbers } from './seatNumbers.ts';
import { UnitTimes } from './unitTimes.ts';
import type { Cursor } from './cursor.ts';

/** What the core reports about a device to the admin; its allocation and the figures of its connection come from elsewhere. */
export type DeviceRecord = Omit<DeviceRow, 'traffic' | 'allocation' | 'figures'> & {
  figures: Omit<DeviceFigures, 'uplink'>;
};

/** How the core reaches a joined device. */
export interface DevicePort {
  lease(lease: Lease): void;
  /** The device joined again elsewhere: this connection is over. */
  replaced(): void;
  /** The device is barred: this connection is over. */
  barred(): void;
}

/** What was measured of a device with one engine. */
interface Pace {
  times: UnitTimes;
  /** Of one worker; null before its first unit. */
  samplesPerSecond: number | null;
  /** Workers that had a lease when the last unit was submitted. */
  atWork: number;
}

/** What a device did, over all its connections. */
export interface DeviceCounts {
  /** Updates that became part of a model. */
  applied: number;
  /** Samples trained on. */
  samples: number;
  /** Updates and leases that came to nothing. */
  lost: number;
}

/** The part of a device's history that outlasts the process. */
export interface KeptHistory extends DeviceCounts {
  /** Bad updates, releases and expired leases since its last applied update. */
  faultsInRow: number;
  trust: TrustRecord;
}

/** What is remembered of a device from one connection to the next. */
export interface DeviceHistory extends KeptHistory {
  /** By engine, of the run's model. */
  paces: Map<string, Pace>;
  /** Data shards that a plan gave it last. */
  dataShards: readonly number[];
  /** Its position in them; null before its first unit under a plan. */
  cursor: Cursor | null;
  staleness: number | null;
}

/** What a device is made of, beside what is known of it. */
export interface DeviceParts extends Pick<Device, 'id' | 'session' | 'port'> {
  /** Of the seats of all devices. */
  numbers: SeatNumbers;
  /** Called whenever it may have begun or ceased to ask for work, to work or to be here. */
  touched: (device: Device) => void;
}

/** One worker of a device. */
interface Seat {
  /** The smallest number no other worker that is present has. */
  number: number;
  /** The lease it works on, or null. */
  lease: number | null;
  /** Its update is complete: it waits for the decision. */
  complete: boolean;
  /** The version since which it asks for a lease; null where it does not ask. */
  idleSince: number | null;
}

/** After this many bad updates, releases or expired leases in a row a device gets no more work on this connection. */
export const MAX_FAULTS = 5;

/** One connection of a device: its workers' seats and leases, and what is known of it [LS8]. */
export class Device {
  readonly id: string;
  /** Counts the joins, so that what an earlier connection says late is not taken for the present one's. */
  readonly session: number;
  readonly port: DevicePort;
  readonly history: DeviceHistory;
  profile: CapabilityProfile;
  /** The newest version whose weights it was sent, or null. */
  holds: number | null = null;
  readonly #seats: Seat[] = [];
  /** Leases whose updates are kept for their rounds while their workers do more. */
  readonly #kept = new Set<number>();
  readonly #numbers: SeatNumbers;
  readonly #touched: (device: Device) => void;
  #status: DeviceStatus = 'present';

  constructor(
    { id, session, port, numbers, touched }: DeviceParts,
    profile: CapabilityProfile,
    history: DeviceHistory,
  ) {
    this.id = id;
    this.session = session;
    this.port = port;
    this.profile = profile;
    this.history = history;
    this.#numbers = numbers;
    this.#touched = touched;
  }

  get status(): DeviceStatus {
    return this.#status;
  }

  /** Whether it has a connection. */
  get isHere(): boolean {
    return DEVICE_STATUSES[this.status].isHere;
  }

  /** How far it is trusted [TS1]. */
  get trust(): TrustState {
    return this.history.trust.state;
  }

  /** Whether it may have work. */
  get works(): boolean {
    return DEVICE_STATUSES[this.status].works;
  }

  get seats(): number[] {
    return this.#seats.map(({ number }) => number);
  }

  /** How long its units take with the engine that it has. */
  get times(): UnitTimes {
    return this.#pace().times;
  }

  get leases(): number[] {
    return this.#seats.flatMap(({ lease }) => lease ?? []);
  }

  /** Its workers that ask for a lease, and since which version. */
  get ready(): { device: string; seat: number; idleSince: number }[] {
    if (!this.works) return [];
    return this.#seats.flatMap(({ number, idleSince }) =>
      idleSince === null ? [] : { device: this.id, seat: number, idleSince },
    );
  }

  has(lease: number): boolean {
    return this.#seatOf(lease) !== undefined;
  }

  /** Has a seat for each worker; one that works keeps its seat until its lease is over [LS17]. */
  resize(workers: number): void {
    while (this.#seats.length < workers) {
      this.#seats.push({ number: this.#numbers.take(), lease: null, complete: false, idleSince: null });
    }
    this.#shrink(workers);
    this.#touched(this);
  }

  /** Its connection is over, and its seats, which have no leases any more, are free for others. */
  end(): void {
    for (const { number } of this.#seats.splice(0)) this.#numbers.release(number);
    this.#become('gone');
  }

  #become(status: DeviceStatus): void {
    this.#status = status;
    this.#touched(this);
  }

  /** Its workers without a lease ask for one. */
  ask(version: number): void {
    if (!DEVICE_STATUSES[this.status].mayAsk) return;
    for (const seat of this.#seats) if (seat.lease === null) seat.idleSince ??= version;
    this.#become('present');
  }

  /** What it failed at no longer counts, and where it was set aside for that it is asked to work again. */
  forgive(version: number): void {
    this.history.faultsInRow = 0;
    this.history.trust = { ...this.history.trust, faults: 0 };
    if (DEVICE_STATUSES[this.status].mayAsk) return;
    this.#become('present');
    this.ask(version);
  }

  /** Its person stopped; one that was set aside stays so. */
  leave(): void {
    if (DEVICE_STATUSES[this.status].mayAsk) this.#become('left');
  }

  /** A worker has this lease from now on. */
  take(seat: number, lease: number): void {
    const taken = this.#seats.find(({ number }) => number === seat);
    if (taken?.lease !== null) throw new Error(`device: seat ${seat} cannot take lease ${lease}`);
    taken.lease = lease;
    taken.complete = false;
    taken.idleSince = null;
    this.#touched(this);
  }

  /** The update of a lease became complete, `elapsedMs` after it was granted. */
  submitted(lease: number, elapsedMs: number, samples: number): void {
    const seat = this.#seatOf(lease);
    if (seat === undefined) return;
    seat.complete = true;
    this.history.samples += samples;
    const pace = this.#learn();
    pace.times.measured(samples, elapsedMs);
    pace.samplesPerSecond = (1000 * samples) / (pace.times.expectedMs(samples) ?? Infinity);
    pace.atWork = this.#seats.filter(({ lease }) => lease !== null).length;
  }

  /** The update of a lease stays as it is, and the worker is free: it has to ask for the next lease. */
  keep(lease: number): void {
    if (this.#free(lease) !== undefined) this.#kept.add(lease);
  }

  /** An update was decided, and the decision brings weights: the worker gets its next lease without asking. */
  decided(lease: number, version: number, staleness: number | null): void {
    const seat = this.#free(lease);
    if (seat === undefined && !this.#kept.delete(lease)) return;
    if (seat !== undefined) {
      this.holds = version;
      seat.idleSince = version;
      this.#shrink(this.profile.workers);
      this.#touched(this);
    }
    if (staleness === null) {
      this.history.lost++;
      return;
    }
    this.history.applied++;
    this.history.staleness = staleness;
    this.history.faultsInRow = 0;
  }

  /** A lease ended without an update, and the device is at fault. */
  failed(lease: number): void {
    this.#free(lease);
    this.history.lost++;
    if (++this.history.faultsInRow >= MAX_FAULTS) this.#become('faulty');
  }

  /** It did not submit within `elapsedMs`: the next lease takes that into account. */
  late(lease: number, elapsedMs: number, samples: number): void {
    if (this.has(lease)) this.#learn().times.late(samples, elapsedMs);
  }

  /** Its complete update came too late to count: a plan is to count on its pace at once. */
  missed(lease: number): void {
    if (this.has(lease)) this.#learn().times.missed();
  }

  /**
   * A lease is withdrawn and the device is not at fault. A worker that was sent the weights of a version with that
   * gets its next lease without asking; another has to ask.
   */
  withdrawn(lease: number, version: number | null): void {
    this.#kept.delete(lease);
    const seat = this.#free(lease);
    if (seat === undefined || version === null) return;
    this.holds = version;
    seat.idleSince = version;
    this.#touched(this);
  }

  /** For the admin's device table. */
  record(): DeviceRecord {
    const { id, profile, history } = this;
    const { staleness, applied, samples, lost, trust } = history;
    const figures = this.#figures();
    return { device: id, state: this.#state(), trust, profile, figures, staleness, applied, samples, lost };
  }

  #figures(): DeviceRecord['figures'] {
    const { cores, memoryGiB, trials, conditions } = this.profile;
    const { samplesPerSecond, atWork } = this.#pace();
    const engines = new Map(trials.map((trial) => [trial.name as string, reported(trial.samplesPerSecond)]));
    for (const [engine, pace] of this.history.paces) {
      if (pace.samplesPerSecond !== null) engines.set(engine, measured(pace.samplesPerSecond));
    }
    return {
      cores: reported(cores),
      memoryGiB: reported(memoryGiB),
      battery: reported(conditions.battery?.level ?? null),
      samplesPerSecond: measured(samplesPerSecond === null ? null : samplesPerSecond * atWork),
      roundTripMs: reported(conditions.roundTripMs),
      downlink: reported(conditions.downlink),
      engines: [...engines].map(([engine, samplesPerSecond]) => ({ engine, samplesPerSecond })),
    };
  }

  /** With the engine that it has; empty where it never worked with that. */
  #pace(): Pace {
    const known = this.history.paces.get(this.profile.engine?.name ?? '');
    return known ?? { times: new UnitTimes(), samplesPerSecond: null, atWork: 0 };
  }

  /** The same, to be written to. */
  #learn(): Pace {
    const pace = this.#pace();
    this.history.paces.set(this.profile.engine?.name ?? '', pace);
    return pace;
  }

  #state(): DeviceRow['state'] {
    const { shown } = DEVICE_STATUSES[this.status];
    if (shown !== null) return shown;
    const leased = this.#seats.filter(({ lease }) => lease !== null);
    if (leased.some(({ complete }) => !complete)) return 'working';
    if (leased.length > 0) return 'waiting';
    return this.ready.length > 0 ? 'idle' : 'silent';
  }

  #seatOf(lease: number): Seat | undefined {
    return this.#seats.find((seat) => seat.lease === lease);
  }

  #free(lease: number): Seat | undefined {
    const seat = this.#seatOf(lease);
    if (seat !== undefined) {
      seat.lease = null;
      seat.complete = false;
    }
    return seat;
  }

  #shrink(workers: number): void {
    for (let index = this.#seats.length - 1; index >= 0 && this.#seats.length > workers; index--) {
      const seat = this.#seats[index];
      if (seat?.lease !== null) continue;
      this.#seats.splice(index, 1);
      this.#numbers.release(seat.number);
    }
  }
}
