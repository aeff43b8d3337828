import { ownLeaseMs } from './leaseTime.ts';
import type {
  LeaseGrant,
  Decision,
  LeaseLimits,
  Policy,
  ReadyWorker,
  CompleteUpdate,
  WorkKey,
} from './policy.ts';

/** What an update weighs that is some commits behind. */
export const STALENESS_WEIGHTS = {
  none: { help: '1', of: () => 1 },
  /** Zhang et al. 2016 and field practice. */
  sqrt: {
    help: '1 / sqrt(1 + s)',
    of: (staleness) => Math.fround(1 / Math.sqrt(1 + staleness)),
  },
} as const satisfies Record<string, { help: string; of: (staleness: number) => number }>;
export type StalenessWeight = keyof typeof STALENESS_WEIGHTS;
export const STALENESS_WEIGHT_NAMES = Object.keys(STALENESS_WEIGHTS) as StalenessWeight[];

export interface AsyncSettings {
  staleness: StalenessWeight;
  /** An update more commits behind than this is answered STALE. */
  maxStaleness: number;
  limits: LeaseLimits;
}

/** Each update is a commit of its own as soon as it is whole [PO2]. */
export class AsyncPolicy implements Policy {
  readonly #settings: AsyncSettings;
  readonly #steps = new Map<number, number>();
  readonly #leased = new Map<number, WorkKey>();
  #lost: WorkKey[] = [];

  constructor(settings: AsyncSettings) {
    this.#settings = settings;
  }

  assign(ready: ReadyWorker[]): LeaseGrant[] {
    return ready.map(({ device, seat, unitMs }) => ({
      device,
      seat,
      key: this.#lost.shift() ?? this.#nextOf(seat),
      leaseMs: ownLeaseMs(unitMs, this.#settings.limits),
    }));
  }

  granted(lease: number, { key }: LeaseGrant): void {
    this.#leased.set(lease, key);
  }

  completed({ lease, baseUpdates }: CompleteUpdate, updates: number): Decision[] {
    this.#leased.delete(lease);
    const staleness = updates - baseUpdates;
    if (staleness > this.#settings.maxStaleness) return [{ type: 'refuse', lease, outcome: 'STALE' }];
    const ageFactor = STALENESS_WEIGHTS[this.#settings.staleness].of(staleness);
    return [{ type: 'commit', members: [{ lease, ageFactor }] }];
  }

  ended(lease: number): void {
    const key = this.#leased.get(lease);
    this.#leased.delete(lease);
    if (key !== undefined) this.#lost.push(key);
  }

  settle(): Decision[] {
    return [];
  }

  wakeAt(): null {
    return null;
  }

  reset(): void {
    this.#lost = [...this.#lost, ...this.#leased.values()];
    this.#leased.clear();
  }

  #nextOf(lane: number): WorkKey {
    const step = this.#steps.get(lane) ?? 0;
    this.#steps.set(lane, step + 1);
    return { lane, step };
  }
}
