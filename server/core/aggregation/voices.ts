/** An update of a commit, as far as its device goes. */
export interface VoicedUpdate {
  device: string;
  samples: number;
  /** Its device is new or suspected [TS15]. */
  isBounded: boolean;
}

/**
 * The samples that each update counts as: those of a bounded device in one commit together as many as one of them has in
 * the mean, so that nobody who is not trusted outvotes others by sending more [TS19].
 */
export function samplesByVoice(updates: readonly VoicedUpdate[]): number[] {
  const sent = new Map<string, number>();
  for (const { device } of updates) sent.set(device, (sent.get(device) ?? 0) + 1);
  return updates.map(({ device, samples, isBounded }) =>
    isBounded ? samples / (sent.get(device) ?? 1) : samples,
  );
}
