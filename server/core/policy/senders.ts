import type { ReadyWorker } from './policy.ts';

/** A worker that was granted work. */
interface Sender {
  device: string;
  isBounded: boolean;
  /** Its last lease ended without an update: nothing is expected of it until one comes. */
  isSilent: boolean;
  /** An update of it has come. */
  hasSent: boolean;
}

/** From how many workers and devices updates are expected. */
export interface ExpectedSenders {
  /** Workers of devices that are not bounded. */
  workers: number;
  /** Devices that are bounded. */
  boundedDevices: number;
}

/**
 * Who is expected to send updates, and how many voices updates are. Each update of a device that is not bounded is one; those
 * of a bounded device are one together, however many it sends and however many workers it says it has [PO19].
 */
export class Senders {
  /** By seat, which an absent worker leaves to another. */
  readonly #bySeat = new Map<number, Sender>();
  readonly #byLease = new Map<number, { sender: Sender; isComplete: boolean }>();

  granted(
    lease: number,
    { device, seat, isBounded }: Pick<ReadyWorker, 'device' | 'seat' | 'isBounded'>,
  ): void {
    const known = this.#bySeat.get(seat);
    const first = { device, isBounded, isSilent: false, hasSent: false };
    const sender = known?.device === device ? Object.assign(known, { isBounded }) : first;
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

  /** Whether an update of this lease may be counted on: its worker sent one before, and did not fail to since. */
  isCountedOn(lease: number): boolean {
    const sender = this.#byLease.get(lease)?.sender;
    return sender?.hasSent === true && !sender.isSilent;
  }

  /** No lease is out any more. */
  reset(): void {
    this.#bySeat.clear();
    this.#byLease.clear();
  }

  /** @param present workers that are here: those that went away since their last lease are no longer among them. */
  expected(present: number): ExpectedSenders {
    const heard = [...this.#bySeat.values()].filter(({ isSilent }) => !isSilent);
    const workers = Math.min(present, heard.filter(({ isBounded }) => !isBounded).length);
    const bounded = new Set(heard.filter(({ isBounded }) => isBounded).map(({ device }) => device));
    return { workers, boundedDevices: Math.min(present - workers, bounded.size) };
  }

  /** How many voices the updates of these leases are. */
  voicesOf(leases: readonly number[]): number {
    const senders = leases.flatMap((lease) => this.#byLease.get(lease)?.sender ?? []);
    const bounded = new Set(senders.filter(({ isBounded }) => isBounded).map(({ device }) => device));
    return senders.filter(({ isBounded }) => !isBounded).length + bounded.size;
  }
}
