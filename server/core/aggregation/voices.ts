import { lowerMedian } from '../median.ts';

/** An update of a commit, as far as its device goes. */
export interface VoicedUpdate {
  device: string;
  samples: number;
  /** Updates of its device that count in one commit at most; Infinity where the operator vouches for it. */
  voices: number;
}

/** A device that answers at once is planned long units: of one that nobody vouches for they count no more than this many usual ones. */
const USUAL_UNITS = 2;

/**
 * The samples that each update counts as. Those of a device that nobody vouches for count together no more than its voices, each
 * as much as one of them has in the mean, and none more than twice what is usual in the commit: nobody outvotes others by sending
 * more, or by saying that they are fast [TS19].
 */
export function samplesByVoice(updates: readonly VoicedUpdate[]): number[] {
  const sent = new Map<string, number>();
  for (const { device } of updates) sent.set(device, (sent.get(device) ?? 0) + 1);
  const most = USUAL_UNITS * usualSamples(updates);
  return updates.map(({ device, samples, voices }) => {
    if (!Number.isFinite(voices)) return samples;
    return Math.min(samples, most) * Math.min(1, voices / (sent.get(device) ?? 1));
  });
}

/** The lower median over devices of the largest update of each. */
function usualSamples(updates: readonly VoicedUpdate[]): number {
  const largest = new Map<string, number>();
  for (const { device, samples } of updates) {
    largest.set(device, Math.max(samples, largest.get(device) ?? 0));
  }
  return lowerMedian([...largest.values()]) ?? 0;
}
