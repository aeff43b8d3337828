import { ownLeaseMs, roundLeaseMs } from './leaseTime.ts';
import type {
  LeaseGrant,
  WorkerCounts,
  Decision,
  LeaseLimits,
  Policy,
  ReadyWorker,
  CompleteUpdate,
  WorkKey,
} from './policy.ts';
import {
  endOf,
  freeSlot,
  isEmpty,
  isFilled,
  isOut,
  letGo,
  memberOf,
  noteDone,
  type Round,
  type Slot,
} from './round.ts';
import { Senders } from './senders.ts';

/** When a round commits. */
export const ROUNDS = {
  /** At its deadline, with what there is. */
  cut: { hasDeadline: true },
  /** With all of its updates and not before [PO6]. */
  complete: { hasDeadline: false },
} as const satisfies Record<string, { hasDeadline: boolean }>;
export type Rounds = keyof typeof ROUNDS;

export interface SyncSettings {
  /** Updates a round, or `all`: one for each worker that is ready when the round opens. */
  roundSize: number | 'all';
  rounds: Rounds;
  /** Of a round of `all`; the workers beyond it have the next one. */
  mostUpdates: number;
  limits: LeaseLimits;
}

/** A round ends at the latest after this many of its leases: a lost slot can be leased once more. */
const LEASES_A_ROUND = 2;

/**
 * One commit a round, of all its updates in the order of their slots. A slot whose device is lost is leased
 * again within the round; at the deadline the round commits with what there is, or opens again where there is
 * nothing [PO3].
 */
export class SyncPolicy implements Policy {
  readonly #settings: SyncSettings;
  #round: Round | null = null;
  /** When a ready device was first seen waiting for a round of fixed size to fill. */
  #waitingSince: number | null = null;
  readonly #senders = new Senders();
  readonly #steps = new Map<number, number>();
  #lost: WorkKey[] = [];

  /** @throws {RangeError} where complete rounds have no fixed size: nobody could say which update is missing. */
  constructor(settings: SyncSettings) {
    if (!ROUNDS[settings.rounds].hasDeadline && settings.roundSize === 'all')
      throw new RangeError('sync: complete rounds have a fixed size');
    this.#settings = settings;
  }

  room({ waiting }: WorkerCounts, now: number): number {
    if (waiting === 0) this.#waitingSince = null;
    this.#makeRoom(waiting, now);
    return this.#round === null ? waiting : Math.min(waiting, freeOf(this.#round).length);
  }

  assign(ready: ReadyWorker[], updates: number, now: number, crowd: WorkerCounts): LeaseGrant[] {
    const round = this.#round ?? this.#open(ready, updates, now, crowd);
    if (round === null) return [];
    const free = freeOf(round);
    const members = ready.slice(0, free.length);
    const leaseMs = this.#leaseMs(round, members, now);
    if (leaseMs <= 0) return [];
    return members.map((member, index) => ({
      device: member.device,
      seat: member.seat,
      isBounded: member.isBounded,
      voices: member.voices,
      key: free[index]?.key ?? { lane: 0, step: 0 },
      leaseMs: this.#leaseOf(member, leaseMs),
    }));
  }

  granted(lease: number, grant: LeaseGrant): void {
    const { device, isBounded } = grant;
    const holder = { device, isBounded, isDoubtful: this.#isDoubtful(grant) };
    this.#senders.granted(lease, grant);
    const slot = this.#round?.slots.find(({ key }) => key === grant.key);
    if (slot !== undefined) Object.assign(slot, { lease, holder });
  }

  completed({ lease, samples }: CompleteUpdate): Decision[] {
    this.#senders.completed(lease);
    const slot = this.#slotOf(lease);
    if (slot === undefined) return [{ type: 'refuse', lease, outcome: 'EXPIRED' }];
    slot.samples = samples;
    return [];
  }

  ended(lease: number): void {
    this.#senders.ended(lease);
    const slot = this.#slotOf(lease);
    if (slot === undefined) return;
    Object.assign(slot, freeSlot(slot.key));
  }

  settle(now: number, granting: boolean): Decision[] {
    const round = this.#round;
    if (round === null) return [];
    const refillable = round.isRefilled && freeOf(round).length > 0;
    noteDone(round, now);
    const isOpen = round.slots.some(isOut) || refillable;
    if (now < endOf(round) && isOpen) return refillable && granting ? letGo(round) : [];
    this.#close(round);
    const filled = round.slots.filter(isFilled);
    for (const { lease } of filled) if (lease !== null) this.#senders.ended(lease);
    return filled.length === 0 ? [] : [{ type: 'commit', members: filled.map(memberOf) }];
  }

  wakeAt(): number | null {
    if (this.#round !== null) return Number.isFinite(endOf(this.#round)) ? endOf(this.#round) : null;
    return this.#waitingSince === null ? null : this.#waitingSince + this.#settings.limits.capMs;
  }

  reset(): void {
    // None of the round's work is in the model, and it comes before what was lost earlier.
    this.#senders.reset();
    this.#lost.unshift(...(this.#round?.slots ?? []).map(({ key }) => key));
    this.#round = null;
    this.#waitingSince = null;
  }

  /** A round that got nothing until it is over makes room for the next. */
  #makeRoom(waiting: number, now: number): void {
    const round = this.#round;
    if (round === null) return;
    round.isWaitedFor = waiting > freeOf(round).length;
    if (now >= endOf(round) && isEmpty(round)) this.#close(round);
  }

  #open(ready: ReadyWorker[], updates: number, now: number, crowd: WorkerCounts): Round | null {
    const { roundSize, rounds, mostUpdates, limits } = this.#settings;
    if (ready.length === 0) {
      this.#waitingSince = null;
      return null;
    }
    if (!ROUNDS[rounds].hasDeadline)
      return this.#begin(roundSize === 'all' ? ready.length : roundSize, updates, {
        leaseMs: 0,
        openedAt: now,
        deadline: Infinity,
      });
    const size =
      roundSize === 'all' ? Math.min(ready.length, mostUpdates) : withoutUnallocated(roundSize, crowd);
    this.#waitingSince ??= now;
    // A round of fixed size waits for its devices, but not forever: some may never come.
    if (ready.length < size && now < this.#waitingSince + limits.capMs) return null;
    this.#waitingSince = null;
    const members = ready.slice(0, size);
    const leaseMs = roundLeaseMs(this.#paceMakers(members), limits);
    return this.#begin(members.length, updates, {
      leaseMs,
      openedAt: now,
      deadline: now + LEASES_A_ROUND * leaseMs,
    });
  }

  #begin(size: number, updates: number, times: Pick<Round, 'leaseMs' | 'openedAt' | 'deadline'>): Round {
    const slots = Array.from({ length: size }, (_, lane) =>
      freeSlot(this.#lost.shift() ?? this.#nextOf(lane, updates)),
    );
    const isRefilled = this.#settings.roundSize !== 'all';
    this.#round = { slots, isRefilled, ...times, othersDoneAt: null, isWaitedFor: false };
    return this.#round;
  }

  #isDoubtful(worker: Pick<ReadyWorker, 'device' | 'seat' | 'isBounded'>): boolean {
    return worker.isBounded && !this.#senders.isCountedOn(worker);
  }

  /** Doubtful devices stretch no round where another was measured. */
  #paceMakers(members: readonly ReadyWorker[]): readonly ReadyWorker[] {
    const countedOn = members.filter((member) => !this.#isDoubtful(member));
    return countedOn.some(({ unitMs }) => unitMs !== null) ? countedOn : members;
  }

  /**
   * A round that is cut waits for a doubtful device a little only, so that its lease is as long as where nobody waits: an
   * update that comes after the round is lost, but from then on its device is measured and counted on [PO23].
   */
  #leaseOf(member: ReadyWorker, roundMs: number): number {
    const isCut = ROUNDS[this.#settings.rounds].hasDeadline;
    if (!isCut || !this.#isDoubtful(member)) return roundMs;
    return Math.max(roundMs, ownLeaseMs(member.unitMs, this.#settings.limits));
  }

  /** A complete round has no length: how long its leases are follows from who takes them, so that slow devices get there too. */
  #leaseMs(round: Round, members: ReadyWorker[], now: number): number {
    if (!ROUNDS[this.#settings.rounds].hasDeadline) return roundLeaseMs(members, this.#settings.limits);
    return Math.min(round.leaseMs, round.deadline - now);
  }

  /** A lane begins after as many steps as the run has update records, so that one that is resumed goes on; from then on it skips nothing. */
  #nextOf(lane: number, updates: number): WorkKey {
    const step = this.#steps.get(lane) ?? updates;
    this.#steps.set(lane, step + 1);
    return { lane, step };
  }

  #close(round: Round): void {
    this.#round = null;
    this.#lost.push(...round.slots.filter((slot) => !isFilled(slot)).map(({ key }) => key));
  }

  #slotOf(lease: number): Slot | undefined {
    return this.#round?.slots.find((slot) => slot.lease === lease);
  }
}

const freeOf = ({ slots }: Round): Slot[] => slots.filter(({ lease }) => lease === null);

/** A round that waits for a number of workers does not wait for workers that are here and get no work: only for who may yet come. */
function withoutUnallocated(size: number, { present, able }: WorkerCounts): number {
  const working = able();
  return Math.max(1, Math.min(size, Math.max(working, size - (present - working))));
}
