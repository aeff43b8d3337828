import type { LeaseTerms, WorkUnit } from '../../../shared/protocol/messages.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import { RecentMap } from '../recentMap.ts';
import { sumOfBlocks } from '../shard/norms.ts';

/** A work unit granted to one device until a deadline. */
export interface LiveLease {
  lease: number;
  device: string;
  baseVersion: number;
  /** Update records when it was granted. */
  baseUpdates: number;
  kind: LeaseTerms['kind'];
  samples: number;
  unit: WorkUnit;
  /** Index of the data shard that it is trained on. */
  dataShard: number;
  /** Where it begins in the order of its data shard; null where its unit is of no plan. */
  plannedStart: number | null;
  grantedAt: number;
  /** Sums of squares by shard; undefined until that shard has staged its slice. */
  blockSums: (number[] | undefined)[];
  /** Every slice is staged: the deadline no longer counts, only the policy's decision. */
  complete: boolean;
  /** Its update is complete and not yet the policy's: it counts only where its audit finds it right [AT9]. */
  waits: boolean;
  cancelDeadline: () => void;
}

/** The inner product of an update that is complete with itself [SL3]. */
export function squareOf({ blockSums }: LiveLease): number {
  return sumOfBlocks(blockSums.flatMap((each) => each ?? []));
}

/** The L2 norm of an update that is complete [SL3]. */
export function normOf(live: LiveLease): number {
  return Math.sqrt(squareOf(live));
}

const REMEMBERED_LEASES = 65536;

/** The live leases, and how the recent ones ended. Lease ids are never used twice in a run. */
export class LeaseTable {
  readonly #live = new Map<number, LiveLease>();
  readonly #ended = new RecentMap<number, Outcome>(REMEMBERED_LEASES);
  #last = 0;

  nextId(): number {
    return ++this.#last;
  }

  add(lease: LiveLease): void {
    this.#live.set(lease.lease, lease);
  }

  live(lease: number): LiveLease | undefined {
    return this.#live.get(lease);
  }

  all(): LiveLease[] {
    return [...this.#live.values()];
  }

  end(lease: LiveLease, outcome: Outcome): void {
    lease.cancelDeadline();
    this.#live.delete(lease.lease);
    this.#ended.set(lease.lease, outcome);
  }

  /** How a lease that is not live ended; a lease nobody remembers has long expired. */
  endOf(lease: number): Outcome {
    return this.#ended.get(lease) ?? 'EXPIRED';
  }
}
