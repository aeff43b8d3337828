import { areEnough } from '../enoughTrusted.ts';
import { lowerMedian } from '../median.ts';

/** An update of a commit, as far as its device goes. */
export interface VoicedUpdate {
  device: string;
  samples: number;
  /** Updates of its device that count in one commit at most; Infinity where the operator vouches for it. */
  voices: number;
  /** Its device is new or suspected [TS15]. */
  isBounded: boolean;
}

/**
 * The samples that each update counts as. Those of a device that nobody vouches for count together no more than its voices, each
 * as much as one of them has in the mean, and none more than what is usual in the commit: nobody outvotes others by sending more,
 * or by answering so fast that long units are planned for them [TS19].
 */
export function samplesByVoice(updates: readonly VoicedUpdate[]): number[] {
  const sent = new Map<string, number>();
  for (const { device } of updates) sent.set(device, (sent.get(device) ?? 0) + 1);
  const most = usualSamples(updates);
  return updates.map(({ device, samples, voices }) => {
    if (!Number.isFinite(voices)) return samples;
    return Math.min(samples, most) * Math.min(1, voices / (sent.get(device) ?? 1));
  });
}

/** The lower median of the largest update of each trusted device; of all where none is trusted: new ones may be any number, and have small units. */
function usualSamples(updates: readonly VoicedUpdate[]): number {
  const trusted = updates.filter(({ isBounded }) => !isBounded);
  const largest = new Map<string, number>();
  for (const { device, samples } of trusted.length > 0 ? trusted : updates) {
    largest.set(device, Math.max(samples, largest.get(device) ?? 0));
  }
  return lowerMedian([...largest.values()]) ?? 0;
}

/** Which members of a commit have but a part of its weight: none where too few are trusted to go by [TS21]. */
export function heldDown(updates: readonly VoicedUpdate[]): boolean[] {
  const trusted = updates.filter(({ isBounded }) => !isBounded);
  const count = new Set(trusted.map(({ device }) => device)).size;
  const isOneVouched = trusted.some(({ voices }) => !Number.isFinite(voices));
  const all = new Set(updates.map(({ device }) => device)).size;
  const hold = areEnough({ count, isOneVouched }, all);
  return updates.map(({ isBounded }) => hold && isBounded);
}
