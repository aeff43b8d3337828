import type { CommitMember, Decision, WorkKey } from './policy.ts';

/** How many times as long as the others have taken a round lasts for devices that nobody can count on yet. */
const GRACE = 2;
/** Milliseconds that a round lasts at least for such devices ... */
const LEAST_MS = {
  /** ... where nothing has come of a device that is counted on: a phone loads and compiles at first, ... */
  first: 5000,
  /** ... and where no more devices are counted on than may be silent: a fast one is not to make commits alone. */
  outnumbered: 3000,
};

/** The device that has the lease of a slot. */
export interface Holder {
  device: string;
  isBounded: boolean;
  /** It is bounded, and sent nothing yet or nothing since its last lease: it is waited for a little only [PO20]. */
  isDoubtful: boolean;
}

export interface Slot {
  key: WorkKey;
  lease: number | null;
  /** Null while the slot is free. */
  holder: Holder | null;
  /** Null until its update is whole. */
  samples: number | null;
  /** The worker of its whole update was let go [LS10]. */
  kept: boolean;
}

export interface Round {
  slots: Slot[];
  /** A slot that is free is waited for: somebody may take it. */
  isRefilled: boolean;
  leaseMs: number;
  openedAt: number;
  /** When something had come, and all but doubtful devices were done; null before that. */
  othersDoneAt: number | null;
  /** Workers are ready and no slot is free. */
  isWaitedFor: boolean;
  /** Infinity where nothing cuts it. */
  deadline: number;
}

export const freeSlot = (key: WorkKey): Slot => ({
  key,
  lease: null,
  holder: null,
  samples: null,
  kept: false,
});

/** Its update is whole. */
export const isFilled = ({ samples }: Slot): boolean => samples !== null;

export const isOut = ({ lease, samples }: Slot): boolean => lease !== null && samples === null;

export const isEmpty = ({ slots }: Round): boolean => !slots.some(isFilled);

/** All updates of a round are of its version, so none is older than another. */
export const memberOf = ({ lease }: Slot): CommitMember => ({ lease: lease ?? 0, ageFactor: 1 });

/** Keeps the moment from which only doubtful devices are waited for. To be called after whatever happened. */
export function noteDone(round: Round, now: number): void {
  const areOthersDone = !isEmpty(round) && isForDoubtfulAlone(round);
  round.othersDoneAt = areOthersDone ? (round.othersDoneAt ?? now) : null;
}

/**
 * When a round is over at the latest: at its deadline, and earlier where it waits for devices alone that may never say
 * anything, and others have sent [PO20] or wait for a slot [PO22].
 */
export function endOf(round: Round): number {
  const { openedAt, othersDoneAt, isWaitedFor, deadline } = round;
  if (!Number.isFinite(deadline)) return deadline;
  if (othersDoneAt !== null)
    return Math.min(deadline, openedAt + Math.max(GRACE * (othersDoneAt - openedAt), leastMs(round)));
  const makesRoom = isWaitedFor && isEmpty(round) && isForDoubtfulAlone(round);
  return makesRoom ? Math.min(deadline, openedAt + LEAST_MS.first) : deadline;
}

function isForDoubtfulAlone({ slots, isRefilled }: Round): boolean {
  return slots.every(
    (slot) => isFilled(slot) || slot.holder?.isDoubtful === true || (slot.holder === null && !isRefilled),
  );
}

/** A trusted device is enough for a round to end early; others have to be more than those that are cut off. */
function leastMs({ slots }: Round): number {
  const senders = slots
    .filter(isFilled)
    .flatMap(({ holder }) => holder ?? [])
    .filter(({ isDoubtful }) => !isDoubtful);
  if (senders.length === 0) return LEAST_MS.first;
  const silent = slots.filter(isOut).flatMap(({ holder }) => holder ?? []);
  const hasTrusted = senders.some(({ isBounded }) => !isBounded);
  return hasTrusted || devicesOf(senders) > devicesOf(silent) ? 0 : LEAST_MS.outnumbered;
}

const devicesOf = (holders: readonly Holder[]): number => new Set(holders.map(({ device }) => device)).size;

/**
 * A slot is free and nobody is there to take it: all workers that wait with whole updates are let go, since a single
 * one might be gone before it asks, and a complete round would wait for it without end.
 */
export function letGo({ slots }: Round): Decision[] {
  const waiting = slots.filter((slot) => isFilled(slot) && !slot.kept);
  return waiting.map((slot) => {
    slot.kept = true;
    return { type: 'keep', lease: slot.lease ?? 0 };
  });
}
