import { roundLeaseMs } from './leaseTime.ts';
import type {
  CommitMember,
  LeaseGrant,
  WorkerCounts,
  Decision,
  LeaseLimits,
  Policy,
  ReadyWorker,
  CompleteUpdate,
  WorkKey,
} from './policy.ts';
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
/** How often as long as the others have taken a round lasts for strangers that nobody can count on yet. */
const GRACE = 2;

interface Slot {
  key: WorkKey;
  lease: number | null;
  /** Of a bounded device that sent nothing yet, or nothing since its last lease: it is waited for a little only [PO20]. */
  isDoubtful: boolean;
  /** Of the device that has the lease. */
  isBounded: boolean;
  /** Null until its update is whole. */
  samples: number | null;
  /** The worker of its whole update was let go [LS10]. */
  kept: boolean;
}

interface Round {
  slots: Slot[];
  leaseMs: number;
  openedAt: number;
  /** When all was there but what is doubtful; null while other updates are out, or none came. */
  othersDoneAt: number | null;
  /** Infinity where nothing cuts it. */
  deadline: number;
}

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

  assign(ready: ReadyWorker[], updates: number, now: number, crowd: WorkerCounts): LeaseGrant[] {
    // A round that got nothing by its deadline makes room for the next.
    if (this.#round !== null && now >= this.#round.deadline && isEmpty(this.#round)) this.#close(this.#round);
    const round = this.#round ?? this.#open(ready, updates, now, crowd);
    if (round === null) return [];
    const free = round.slots.filter(({ lease, samples }) => lease === null && samples === null);
    const members = ready.slice(0, free.length);
    const leaseMs = this.#leaseMs(round, members, now);
    if (leaseMs <= 0) return [];
    return members.map(({ device, seat, isBounded, voices }, index) => ({
      device,
      seat,
      isBounded,
      voices,
      key: free[index]?.key ?? { lane: 0, step: 0 },
      leaseMs,
    }));
  }

  granted(lease: number, grant: LeaseGrant): void {
    this.#senders.granted(lease, grant);
    const slot = this.#round?.slots.find(({ key }) => key === grant.key);
    const isDoubtful = grant.isBounded && !this.#senders.isCountedOn(lease);
    if (slot !== undefined) Object.assign(slot, { lease, isDoubtful, isBounded: grant.isBounded });
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
    Object.assign(slot, { lease: null, samples: null, kept: false });
  }

  settle(now: number, granting: boolean): Decision[] {
    const round = this.#round;
    if (round === null) return [];
    const live = round.slots.filter(isOut);
    const free = round.slots.filter(({ lease }) => lease === null);
    const refillable = this.#settings.roundSize !== 'all' && free.length > 0;
    round.othersDoneAt = isForDoubtfulAlone(round.slots) ? (round.othersDoneAt ?? now) : null;
    const isOpen = live.length > 0 || refillable;
    if (now < endOf(round) && isOpen) return refillable && granting ? letGo(round) : [];
    this.#close(round);
    const filled = round.slots.filter(({ samples }) => samples !== null);
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
    const leaseMs = roundLeaseMs(members, limits);
    return this.#begin(members.length, updates, {
      leaseMs,
      openedAt: now,
      deadline: now + LEASES_A_ROUND * leaseMs,
    });
  }

  #begin(size: number, updates: number, times: Pick<Round, 'leaseMs' | 'openedAt' | 'deadline'>): Round {
    const slots = Array.from({ length: size }, (_, lane) => ({
      key: this.#lost.shift() ?? this.#nextOf(lane, updates),
      lease: null,
      isDoubtful: false,
      isBounded: false,
      samples: null,
      kept: false,
    }));
    this.#round = { slots, ...times, othersDoneAt: null };
    return this.#round;
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
    this.#lost.push(...round.slots.filter(({ samples }) => samples === null).map(({ key }) => key));
  }

  #slotOf(lease: number): Slot | undefined {
    return this.#round?.slots.find((slot) => slot.lease === lease);
  }
}

/** All updates of a round are of its version, so none is older than another. */
const memberOf = ({ lease }: Slot): CommitMember => ({ lease: lease ?? 0, ageFactor: 1 });

const isOut = ({ lease, samples }: Slot): boolean => lease !== null && samples === null;

/** Only what is doubtful is still out, and something of a trusted device has come. */
function isForDoubtfulAlone(slots: readonly Slot[]): boolean {
  const others = slots.filter(({ isDoubtful }) => !isDoubtful);
  const hasTrusted = others.some(({ isBounded }) => !isBounded);
  return hasTrusted && others.every(({ samples }) => samples !== null);
}

/** When a round commits at the latest: strangers that say nothing keep the others waiting as long again as they took, no longer. */
function endOf({ openedAt, othersDoneAt, deadline }: Round): number {
  if (othersDoneAt === null || !Number.isFinite(deadline)) return deadline;
  return Math.min(deadline, openedAt + GRACE * (othersDoneAt - openedAt));
}

/**
 * A slot is free and nobody is there to take it: all workers that wait with whole updates are let go, since a single
 * one might be gone before it asks, and a complete round would wait for it without end.
 */
function letGo(round: Round): Decision[] {
  const waiting = round.slots.filter(({ samples, kept }) => samples !== null && !kept);
  return waiting.map((slot) => {
    slot.kept = true;
    return { type: 'keep', lease: slot.lease ?? 0 };
  });
}

/** A round that waits for a number of workers does not wait for workers that are here and get no work: only for who may yet come. */
function withoutUnallocated(size: number, { able, withoutAllocation }: WorkerCounts): number {
  return Math.max(1, Math.min(size, Math.max(able, size - withoutAllocation)));
}

function isEmpty(round: Round): boolean {
  return round.slots.every(({ samples }) => samples === null);
}
