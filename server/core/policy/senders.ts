import type { ReadyWorker } from './policy.ts';
import { VoiceTally, type ExpectedSenders } from './voiceTally.ts';

/** A worker that was granted work. */
interface Sender {
  device: string;
  seat: number;
  /** Updates of its device that count in one commit at most; Infinity: all. */
  voices: number;
  /** Its last lease ended without an update: nothing is expected of it until one comes. */
  isSilent: boolean;
  /** An update of it has come. */
  hasSent: boolean;
}

/**
 * Who is expected to send updates, and how many voices updates are. Those of a device that nobody vouches for are no more than
 * it has earned, however many it sends and however many workers it says it has [PO19].
 */
export class Senders {
  /** By seat, which an absent worker leaves to another. */
  readonly #bySeat = new Map<number, Sender>();
  readonly #byLease = new Map<number, { sender: Sender; isComplete: boolean }>();
  /** All but those that are silent. */
  readonly #heard = new VoiceTally();

  granted(lease: number, { device, seat, voices }: Pick<ReadyWorker, 'device' | 'seat' | 'voices'>): void {
    const before = this.#bySeat.get(seat);
    const sender =
      before?.device === device ? before : { device, seat, voices, isSilent: false, hasSent: false };
    if (before?.isSilent === false) this.#heard.remove(before.device);
    sender.voices = voices;
    if (!sender.isSilent) this.#heard.add(device, voices);
    this.#bySeat.set(seat, sender);
    this.#byLease.set(lease, { sender, isComplete: false });
  }

  completed(lease: number): void {
    const granted = this.#byLease.get(lease);
    if (granted === undefined) return;
    granted.isComplete = true;
    granted.sender.hasSent = true;
    this.#hear(granted.sender, true);
  }

  /** A lease is over, with its update or without. */
  ended(lease: number): void {
    const granted = this.#byLease.get(lease);
    if (granted?.isComplete === false) this.#hear(granted.sender, false);
    this.#byLease.delete(lease);
  }

  /** Whether updates of this worker may be counted on: it sent one, and did not fail to since. */
  isCountedOn({ device, seat }: Pick<ReadyWorker, 'device' | 'seat'>): boolean {
    const sender = this.#bySeat.get(seat);
    return sender?.device === device && sender.hasSent && !sender.isSilent;
  }

  /** No lease is out any more. */
  reset(): void {
    this.#bySeat.clear();
    this.#byLease.clear();
    this.#heard.clear();
  }

  /** @param present workers that are here: those that went away since their last lease are no longer among them. */
  expected(present: number): ExpectedSenders {
    const { workers, voices } = this.#heard.total;
    const here = Math.min(present, workers);
    return { workers: here, voices: Math.min(present - here, voices) };
  }

  /** How many voices the updates of these leases are. */
  voicesOf(leases: readonly number[]): number {
    const tally = new VoiceTally();
    for (const lease of leases) {
      const sender = this.#byLease.get(lease)?.sender;
      if (sender !== undefined) tally.add(sender.device, sender.voices);
    }
    const { workers, voices } = tally.total;
    return workers + voices;
  }

  #hear(sender: Sender, isHeard: boolean): void {
    if (sender.isSilent !== isHeard) return;
    sender.isSilent = !isHeard;
    // Another device may have its seat by now.
    if (this.#bySeat.get(sender.seat) !== sender) return;
    if (isHeard) this.#heard.add(sender.device, sender.voices);
    else this.#heard.remove(sender.device);
  }
}
