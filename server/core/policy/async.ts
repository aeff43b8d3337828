import { ownLeaseMs } from './leaseTime.ts';
import type {
  LeaseGrant,
  Decision,
  LeaseLimits,
  Policy,
  ReadyWorker,
  CompleteUpdate,
  WorkerCounts,
} from './policy.ts';
import { SeatWork } from './seatWork.ts';
import { ageFactorOf, type StalenessSettings } from './staleness.ts';

export interface AsyncSettings extends StalenessSettings {
  limits: LeaseLimits;
}

/** Each update is a commit of its own as soon as it is whole [PO2]. */
export class AsyncPolicy implements Policy {
  readonly #settings: AsyncSettings;
  readonly #work = new SeatWork();

  constructor(settings: AsyncSettings) {
    this.#settings = settings;
  }

  room({ waiting }: WorkerCounts): number {
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

  granted(lease: number, { key }: LeaseGrant): void {
    this.#work.granted(lease, key);
  }

  completed({ lease, baseUpdates }: CompleteUpdate, updates: number): Decision[] {
    this.#work.done(lease);
    const ageFactor = ageFactorOf(updates - baseUpdates, this.#settings);
    if (ageFactor === null) return [{ type: 'refuse', lease, outcome: 'STALE' }];
    return [{ type: 'commit', members: [{ lease, ageFactor }] }];
  }

  ended(lease: number): void {
    this.#work.lose(lease);
  }

  settle(): Decision[] {
    return [];
  }

  wakeAt(): null {
    return null;
  }

  reset(): void {
    this.#work.loseAll();
  }
}
