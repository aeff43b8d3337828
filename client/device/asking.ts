import type { Outcome } from '../../shared/protocol/outcomes.ts';

/** What the answer of one shard host to the push of a unit brought along. */
export interface PushAnswer {
  outcome: Outcome;
  /** Version of the weights that came along; null where none did. */
  version: number | null;
}

/** How a unit ended for the worker that had it. */
export type UnitEnd =
  /** The worker gave its lease back. */
  | { type: 'released' }
  /** Every shard host answered; `version` is that of {@link versionBrought}. */
  | { type: 'answered'; version: number | null };

/**
 * The version of which the answers to a push brought the whole weights: the slices of every host, all at one version.
 * @param hosts number of shard hosts of the run.
 * @returns null where a slice is missing or of another version.
 */
export function versionBrought(answers: readonly PushAnswer[], hosts: number): number | null {
  const version = answers[0]?.version ?? null;
  const isWhole = answers.length === hosts && answers.every((answer) => answer.version === version);
  return isWhole ? version : null;
}

/**
 * Whether a worker has to ask for work when its unit has ended [LS18]. Where a decision brings weights, the server
 * leases to that worker without being asked; in every other case the worker asks.
 */
export function hasToAsk(end: UnitEnd): boolean {
  switch (end.type) {
    case 'released':
      return true;
    case 'answered':
      return end.version === null;
  }
}

/** What becomes of a lease when a push of it is answered: it has ended, or it may go on and has to be released. */
const LEASE_AFTER: Record<Outcome, 'ended' | 'open'> = {
  OK: 'ended',
  APPLIED: 'ended',
  KEPT: 'ended',
  DUPLICATE: 'ended',
  STALE: 'ended',
  EXPIRED: 'ended',
  WITHDRAWN: 'ended',
  UNKNOWN_LEASE: 'open',
  WRONG_SHAPE: 'ended',
  NOT_FINITE: 'ended',
  NORM_EXCEEDED: 'ended',
  WRONG_UPDATE: 'ended',
  VERSION_GONE: 'open',
  UNAVAILABLE: 'open',
  CORRUPT: 'open',
  MALFORMED: 'open',
  BUSY: 'open',
  NOT_JOINED: 'open',
  WRONG_PROTOCOL: 'open',
  REFUSED: 'open',
  FULL: 'open',
  BARRED: 'ended',
  REPLACED: 'open',
  TOO_SLOW: 'open',
  TOO_MANY_FAULTS: 'open',
};

/**
 * Whether a lease may go on although a push of it was answered: a worker that asks for work meanwhile is taken for
 * one that still has it, so it releases the lease first [LS18].
 */
export function leavesLeaseOpen(outcome: Outcome): boolean {
  return LEASE_AFTER[outcome] === 'open';
}
