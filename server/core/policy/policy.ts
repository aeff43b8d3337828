import type { Outcome } from '../../../shared/protocol/outcomes.ts';

/** Which chunk of the run's endless work a unit is; what is computed follows from it alone, not from the device. */
export interface WorkKey {
  /** A walk through the data shards: the slot of a sync round, the seat of an async worker. */
  lane: number;
  /** How far along the walk. */
  step: number;
}

/** A worker of a device that has no lease and would like one. */
export interface ReadyWorker {
  device: string;
  /** The smallest number no other present worker has. */
  seat: number;
  /** What its next unit is expected to take, from lease to whole update; null before the device is measured. */
  unitMs: number | null;
  /** Its device shares a bounded part of samples and weight with all others that are not trusted [TS15]. */
  isBounded: boolean;
  /** Updates of its device that count in one commit at most; Infinity where the operator vouches for it [TS19]. */
  voices: number;
}

/** The workers that are here, whether they have a lease or not. */
export interface WorkerCounts {
  present: number;
  /** Those of them that ask for a lease. */
  waiting: number;
  /** Those of them that get work now, by plan, device limits and constraints; it takes a look at all devices. */
  able: () => number;
}

export interface LeaseGrant {
  device: string;
  /** Of the worker of that device. */
  seat: number;
  /** Of that device, as when it asked. */
  isBounded: boolean;
  /** The same. */
  voices: number;
  key: WorkKey;
  /** Milliseconds until the lease ends. */
  leaseMs: number;
}

/** An update of which every slice is staged. */
export interface CompleteUpdate {
  lease: number;
  /** Update records when its lease was granted. */
  baseUpdates: number;
  samples: number;
}

export interface CommitMember {
  lease: number;
  /** What its weight is multiplied by for its age, a float32 number; 1 where age does not count. */
  ageFactor: number;
}

export type Decision =
  /** One member at least. What each weighs is the aggregation rule's business. */
  | { type: 'commit'; members: CommitMember[] }
  | { type: 'refuse'; lease: number; outcome: Outcome }
  /** A whole update waits for others, and its worker may do one of them. */
  | { type: 'keep'; lease: number };

/**
 * The rule that turns whole updates into commits: a pure state machine. The coordinator tells it what happened
 * and does what it answers, in order; time is an argument [PO1].
 */
export interface Policy {
  /**
   * How many more workers it would hand work to, at most. It is asked before {@link assign}, which is not called where that is
   * none: workers that wait cost nothing for each message of others.
   */
  room(crowd: WorkerCounts, now: number): number;
  /** Hands work to ready workers. Called again whenever one becomes ready. @param updates update records so far. */
  assign(ready: ReadyWorker[], updates: number, now: number, crowd: WorkerCounts): LeaseGrant[];
  /** The coordinator granted an assignment under this lease. */
  granted(lease: number, assignment: LeaseGrant): void;
  completed(update: CompleteUpdate, updates: number): Decision[];
  /** A lease ended without an update; its work is to be reissued. */
  ended(lease: number): void;
  /** What is to be decided now that nothing more can be assigned; `granting`: to more workers it could be. */
  settle(now: number, granting: boolean): Decision[];
  /** When {@link assign} and {@link settle} are to be called again at the latest; null: when something happens. */
  wakeAt(): number | null;
  /** Forgets all live leases: the run was stopped. */
  reset(): void;
}

export interface LeaseLimits {
  /** No lease is shorter: a hiccup is not an absence. */
  floorMs: number;
  /** No lease is longer: the setting `--lease-seconds`. */
  capMs: number;
}
