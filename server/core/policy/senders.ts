import type { ReadyWorker } from './policy.ts';
import { VoiceTally, type Voices } from './voiceTally.ts';

/** Of strangers that sent nothing yet as many are expected as make this number of voices with the others, ... */
const FIRST_VOICES = 3;
/** ... or this part of the others: silent ones are not to make a buffer that nobody fills. */
const OF_HEARD = 1 / 4;

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
  /** All but those that are silent, and strangers that sent nothing yet. */
  readonly #heard = new VoiceTally();
  /** Those strangers. */
  readonly #unheard = new VoiceTally();

  granted(lease: number, { device, seat, voices }: Pick<ReadyWorker, 'device' | 'seat' | 'voices'>): void {
    const before = this.#bySeat.get(seat);
    const first = { device, seat, voices, isSilent: false, hasSent: false };
    const sender = before?.device === device ? before : first;
    if (before !== undefined) this.#leave(before);
    sender.voices = voices;
    this.#enter(sender);
    this.#bySeat.set(seat, sender);
    this.#byLease.set(lease, { sender, isComplete: false });
  }

  completed(lease: number): void {
    const granted = this.#byLease.get(lease);
    if (granted === undefined) return;
    granted.isComplete = true;
    this.#change(granted.sender, { isSilent: false, hasSent: true });
  }

  /** A lease is over, with its update or without. */
  ended(lease: number): void {
    const granted = this.#byLease.get(lease);
    if (granted?.isComplete === false) this.#change(granted.sender, { isSilent: true });
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
    this.#unheard.clear();
  }

  /** Of whom updates are expected. @param present workers that are here: those that went away since their last lease are no longer among them. */
  expected(present: number): Voices {
    const { vouched, others } = this.#heard.voices;
    const here = Math.min(present, vouched);
    const heard = here + others;
    const yetToCome = Math.max(FIRST_VOICES - heard, Math.floor(heard * OF_HEARD));
    const expected = others + Math.min(this.#unheard.voices.others, yetToCome);
    return { vouched: here, others: Math.min(present - here, expected) };
  }

  /** How many voices the updates of these leases are. */
  voicesOf(leases: readonly number[]): number {
    const tally = new VoiceTally();
    for (const lease of leases) {
      const sender = this.#byLease.get(lease)?.sender;
      if (sender !== undefined) tally.add(sender.device, sender.voices);
    }
    const { vouched, others } = tally.voices;
    return vouched + others;
  }

  #change(sender: Sender, change: Partial<Pick<Sender, 'isSilent' | 'hasSent'>>): void {
    // Another device may have its seat by now.
    const isHere = this.#bySeat.get(sender.seat) === sender;
    if (isHere) this.#leave(sender);
    Object.assign(sender, change);
    if (isHere) this.#enter(sender);
  }

  #enter(sender: Sender): void {
    this.#tallyOf(sender)?.add(sender.device, sender.voices);
  }

  #leave(sender: Sender): void {
    this.#tallyOf(sender)?.remove(sender.device);
  }

  #tallyOf({ isSilent, hasSent, voices }: Sender): VoiceTally | null {
    if (isSilent) return null;
    return hasSent || !Number.isFinite(voices) ? this.#heard : this.#unheard;
  }
}
