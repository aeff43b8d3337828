import type { ReadyWorker } from './policy.ts';

/** A worker that was granted work. */
interface Sender {
  device: string;
  /** Updates of its device that count in one commit at most; Infinity: all. */
  voices: number;
  /** Its last lease ended without an update: nothing is expected of it until one comes. */
  isSilent: boolean;
  /** An update of it has come. */
  hasSent: boolean;
}

/** Of whom updates are expected. */
export interface ExpectedSenders {
  /** Workers of devices all of whose updates count. */
  workers: number;
  /** Of all other devices together: no more of each than it has workers. */
  voices: number;
}

/**
 * Who is expected to send updates, and how many voices updates are. Those of a device that nobody vouches for are no more than
 * it has earned, however many it sends and however many workers it says it has [PO19].
 */
export class Senders {
  /** By seat, which an absent worker leaves to another. */
  readonly #bySeat = new Map<number, Sender>();
  readonly #byLease = new Map<number, { sender: Sender; isComplete: boolean }>();

  granted(lease: number, { device, seat, voices }: Pick<ReadyWorker, 'device' | 'seat' | 'voices'>): void {
    const known = this.#bySeat.get(seat);
    const first = { device, voices, isSilent: false, hasSent: false };
    const sender = known?.device === device ? Object.assign(known, { voices }) : first;
    this.#bySeat.set(seat, sender);
    this.#byLease.set(lease, { sender, isComplete: false });
  }

  completed(lease: number): void {
    const granted = this.#byLease.get(lease);
    if (granted === undefined) return;
    granted.isComplete = true;
    Object.assign(granted.sender, { isSilent: false, hasSent: true });
  }

  /** A lease is over, with its update or without. */
  ended(lease: number): void {
    const granted = this.#byLease.get(lease);
    if (granted?.isComplete === false) granted.sender.isSilent = true;
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
  }

  /** @param present workers that are here: those that went away since their last lease are no longer among them. */
  expected(present: number): ExpectedSenders {
    const heard = [...this.#bySeat.values()].filter(({ isSilent }) => !isSilent);
    const workers = Math.min(present, heard.filter(({ voices }) => !Number.isFinite(voices)).length);
    const others = heard.filter(({ voices }) => Number.isFinite(voices));
    return { workers, voices: Math.min(present - workers, sumOfVoices(others)) };
  }

  /** How many voices the updates of these leases are. */
  voicesOf(leases: readonly number[]): number {
    const senders = leases.flatMap((lease) => this.#byLease.get(lease)?.sender ?? []);
    return sumOfVoices(senders);
  }
}

/** One for each, but of a device no more than it has. */
function sumOfVoices(senders: readonly Pick<Sender, 'device' | 'voices'>[]): number {
  const byDevice = new Map<string, number>();
  for (const { device, voices } of senders) {
    byDevice.set(device, Math.min(voices, (byDevice.get(device) ?? 0) + 1));
  }
  return [...byDevice.values()].reduce((sum, voices) => sum + voices, 0);
}
