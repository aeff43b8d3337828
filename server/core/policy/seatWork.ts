import type { WorkKey } from './policy.ts';

/** The work of a mode without rounds: each seat walks a lane of its own, and lost work comes first [UN2]. */
export class SeatWork {
  readonly #steps = new Map<number, number>();
  readonly #leased = new Map<number, WorkKey>();
  #lost: WorkKey[] = [];

  /** Leases whose work is not done with. */
  get leases(): number {
    return this.#leased.size;
  }

  /** What a worker of this seat is to do next. */
  next(seat: number): WorkKey {
    return this.#lost.shift() ?? this.#nextOf(seat);
  }

  granted(lease: number, key: WorkKey): void {
    this.#leased.set(lease, key);
  }

  /** The work of a lease is done with. */
  done(lease: number): void {
    this.#leased.delete(lease);
  }

  /** The work of a lease, unless it is done with, is to be done again. */
  lose(lease: number): void {
    const key = this.#leased.get(lease);
    if (key === undefined) return;
    this.#leased.delete(lease);
    this.#lost.push(key);
  }

  loseAll(): void {
    this.#lost.push(...this.#leased.values());
    this.#leased.clear();
  }

  #nextOf(lane: number): WorkKey {
    const step = this.#steps.get(lane) ?? 0;
    this.#steps.set(lane, step + 1);
    return { lane, step };
  }
}
