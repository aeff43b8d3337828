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
import { ageFactorOf, type StalenessSettings } from './staleness.ts';

export interface BufferedSettings extends StalenessSettings {
  /** Updates a commit, or `auto`: by how many workers there are. */
  buffer: number | 'auto';
  limits: LeaseLimits;
}

/** Fewer updates say little about which of them are unlike the others. */
const LEAST_AUTO = 4;
/** Of the workers: a commit comes soon, and most updates miss a few commits only. */
const AUTO_SHARE = 0.3;

/**
 * A commit is of the first K updates that are complete, from any device; nobody waits for who is slow (FedBuff, Nguyen
 * et al. 2022). The worker of an update that waits is let go, so that any number of workers fills a buffer [PO15].
 */
export class BufferedPolicy implements Policy {
  readonly #settings: BufferedSettings;
  readonly #work = new SeatWork();
  #buffer: CommitMember[] = [];
  /** When the buffer was first seen to hold something. */
  #since: number | null = null;
  #workers = 0;

  constructor(settings: BufferedSettings) {
    this.#settings = settings;
  }

  assign(ready: ReadyWorker[], _updates: number, _now: number, { able }: WorkerCounts): LeaseGrant[] {
    this.#workers = able;
    return ready.map(({ device, seat, unitMs }) => ({
      device,
      seat,
      key: this.#work.next(seat),
      leaseMs: ownLeaseMs(unitMs, this.#settings.limits),
    }));
  }

  granted(lease: number, { key }: LeaseGrant): void {
    this.#work.granted(lease, key);
  }

  completed({ lease, baseUpdates }: CompleteUpdate, updates: number): Decision[] {
    // After a freeze the coordinator tells of all that is complete, and so of what waits here.
    if (this.#buffer.some((member) => member.lease === lease)) return [];
    const ageFactor = ageFactorOf(updates - baseUpdates, this.#settings);
    if (ageFactor === null) {
      this.#work.done(lease);
      return [{ type: 'refuse', lease, outcome: 'STALE' }];
    }
    this.#buffer.push({ lease, ageFactor });
    return this.#buffer.length < this.#size() ? [{ type: 'keep', lease }] : [this.#flush()];
  }

  ended(lease: number): void {
    this.#buffer = this.#buffer.filter((member) => member.lease !== lease);
    this.#work.lose(lease);
  }

  settle(now: number, granting: boolean): Decision[] {
    if (this.#buffer.length === 0) {
      this.#since = null;
      return [];
    }
    this.#since ??= now;
    return this.#buffer.length >= this.#least(now, granting) ? [this.#flush()] : [];
  }

  wakeAt(): number | null {
    return this.#buffer.length < this.#half() ? null : this.#deadline();
  }

  reset(): void {
    this.#buffer = [];
    this.#since = null;
    this.#work.loseAll();
  }

  #flush(): Decision {
    const members = this.#buffer;
    this.#buffer = [];
    this.#since = null;
    for (const { lease } of members) this.#work.done(lease);
    return { type: 'commit', members };
  }

  /** Updates that make a commit now: half a buffer is enough where it has waited long, or nothing more will come [PO16]. */
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

  #size(): number {
    const { buffer } = this.#settings;
    return buffer === 'auto' ? Math.max(LEAST_AUTO, Math.ceil(AUTO_SHARE * this.#workers)) : buffer;
  }
}
