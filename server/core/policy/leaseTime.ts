import type { LeaseLimits, ReadyWorker } from './policy.ts';

/** A device may take this many times what it usually takes. */
const PATIENCE = 4;
/** A slow device stretches a round to at most this many times the median device's time. */
const STRAGGLER_LIMIT = 4;
/** What a device without a measurement may take in a round of measured ones, so that newcomers cost little. */
const NEWCOMER_MS = 3000;

/** How long one device may take where nobody waits for it. */
export function ownLeaseMs(unitMs: number | null, limits: LeaseLimits): number {
  return unitMs === null ? limits.capMs : clamp(PATIENCE * unitMs, limits);
}

/**
 * How long the members of a sync round may take, the same for all: by the slowest measured member, but no more
 * than a few times the median, so that one slow device costs the others little [PO4].
 */
export function roundLeaseMs(members: readonly Pick<ReadyWorker, 'unitMs'>[], limits: LeaseLimits): number {
  const measured = members.flatMap(({ unitMs }) => (unitMs === null ? [] : [unitMs])).sort((a, b) => a - b);
  const median = measured[Math.floor((measured.length - 1) / 2)];
  const slowest = measured.at(-1);
  if (median === undefined || slowest === undefined) return limits.capMs;
  const usual = clamp(PATIENCE * Math.min(slowest, STRAGGLER_LIMIT * median), limits);
  const hasNewcomer = measured.length < members.length;
  return hasNewcomer ? Math.max(usual, Math.min(NEWCOMER_MS, limits.capMs)) : usual;
}

function clamp(milliseconds: number, { floorMs, capMs }: LeaseLimits): number {
  return Math.min(capMs, Math.max(Math.min(floorMs, capMs), Math.round(milliseconds)));
}
