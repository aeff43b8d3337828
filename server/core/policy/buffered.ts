import { ownLeaseMs } from './leaseTime.ts';
import type {
  CommitMember,
  CompleteUpdate,
  Decision,
  LeaseGrant,
  LeaseLimits,
  Policy,
  ReadyWorker,
  WorkerCounts,
} from './policy.ts';
import { SeatWork } from './seatWork.ts';
import { Senders } from './senders.ts';
import { ageFactorOf, type StalenessSettings } from './staleness.ts';

export interface BufferedSettings extends StalenessSettings {
  /** Voices a commit, or `auto`: by how many are expected. */
  buffer: number | 'auto';
  /** With this number of updates a buffer is committed, however few voices they are. */
  mostUpdates: number;
  limits: LeaseLimits;
}

/** Fewer updates say little about which of them are unlike the others. */
const LEAST_AUTO = 4;
/** Of the workers of devices that the operator vouches for: a commit comes soon, and most updates miss a few commits only. */
const OF_VOUCHED = 0.3;
/** Of the voices of others: where a third of them is hostile, less than half of a buffer is, also where those are the first. */
const OF_OTHERS = 3 / 4;

/**
 * A commit is of the first updates that are complete until they are K voices; nobody waits for who is slow (FedBuff, Nguyen
 * et al. 2022). The worker of an update that waits is let go, so that any number of workers fills a buffer [PO15].
 */
export class BufferedPolicy implements Policy {
  readonly #settings: BufferedSettings;
  readonly #work = new SeatWork();
  readonly #senders = new Senders();
  #buffer: CommitMember[] = [];
  /** When the buffer was first seen to hold something. */
  #since: number | null = null;
  /** Workers that are here. */
  #present = 0;

  constructor(settings: BufferedSettings) {
    this.#settings = settings;
  }

  room({ present, waiting }: WorkerCounts): number {
    this.#present = present;
    return waiting;
  }

  assign(ready: ReadyWorker[]): LeaseGrant[] {
    return ready.map(({ device, seat, unitMs, isBounded, voices }) => ({
      device,
      seat,
      isBounded,
      voices,
      key: this.#work.next(seat),
      leaseMs: ownLeaseMs(unitMs, this.#settings.limits),
    }));
  }

  granted(lease: number, grant: LeaseGrant): void {
    this.#work.granted(lease, grant.key);
    this.#senders.granted(lease, grant);
  }

  completed({ lease, baseUpdates }: CompleteUpdate, updates: number): Decision[] {
    // After a freeze the coordinator tells of all that is complete, and so of what waits here.
    if (this.#buffer.some((member) => member.lease === lease)) return [];
    this.#senders.completed(lease);
    const ageFactor = ageFactorOf(updates - baseUpdates, this.#settings);
    if (ageFactor === null) {
      this.#work.done(lease);
      return [{ type: 'refuse', lease, outcome: 'STALE' }];
    }
    this.#buffer.push({ lease, ageFactor });
    const isFull = this.#buffer.length >= this.#settings.mostUpdates || this.#voices() >= this.#size();
    return isFull ? [this.#flush()] : [{ type: 'keep', lease }];
  }

  ended(lease: number): void {
    this.#buffer = this.#buffer.filter((member) => member.lease !== lease);
    this.#work.lose(lease);
    this.#senders.ended(lease);
  }

  settle(now: number, granting: boolean): Decision[] {
    if (this.#buffer.length === 0) {
      this.#since = null;
      return [];
    }
    this.#since ??= now;
    return this.#voices() >= this.#least(now, granting) ? [this.#flush()] : [];
  }

  wakeAt(): number | null {
    return this.#voices() < this.#half() ? null : this.#deadline();
  }

  reset(): void {
    this.#buffer = [];
    this.#since = null;
    this.#work.loseAll();
    this.#senders.reset();
  }

  #flush(): Decision {
    const members = this.#buffer;
    this.#buffer = [];
    this.#since = null;
    for (const { lease } of members) {
      this.#work.done(lease);
      this.#senders.ended(lease);
    }
    return { type: 'commit', members };
  }

  #voices(): number {
    return this.#senders.voicesOf(this.#buffer.map(({ lease }) => lease));
  }

  /** Voices that make a commit now: half a buffer is enough where it has waited long, or nothing more will come [PO16]. */
  #least(now: number, granting: boolean): number {
    const isLast = !granting && this.#work.leases === this.#buffer.length;
    const isDue = now >= (this.#deadline() ?? Infinity);
    return isLast || isDue ? this.#half() : this.#size();
  }

  #deadline(): number | null {
    return this.#since === null ? null : this.#since + this.#settings.limits.capMs;
  }

  /** With fewer, one update would weigh more than twice what it does in a full buffer. */
  #half(): number {
    return Math.ceil(this.#size() / 2);
  }

  /** No more than there are, where nobody's updates all count. */
  #size(): number {
    const { buffer } = this.#settings;
    const { vouched, others } = this.#senders.expected(this.#present);
    const share = Math.ceil(OF_VOUCHED * vouched + OF_OTHERS * others);
    const wanted = buffer === 'auto' ? Math.max(LEAST_AUTO, share) : buffer;
    return vouched > 0 || others === 0 ? wanted : Math.min(wanted, others);
  }
}
