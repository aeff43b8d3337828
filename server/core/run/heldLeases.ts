import type { KeyRange } from '../../../shared/model/ranges.ts';
import { EVIDENCE_BYTES } from '../shard/evidence.ts';

/** More are not looked through where the model goes bad: what was a cause is among the last. */
const MOST = 64;
/** The part of a shard's evidence that they may take: the rest is for audits that are drawn. */
const SHARE_OF_EVIDENCE = 0.25;
/** Of a base and an update, for each element. */
const BYTES_PER_ELEMENT = 2 * Float32Array.BYTES_PER_ELEMENT;

/** The newest leases that no audit was drawn for, whose evidence is kept all the same. */
export class HeldLeases<Held extends { lease: number }> {
  /** By lease, the oldest first. */
  readonly #leases = new Map<number, Held>();
  readonly #most: number;
  readonly #dropped: (lease: number) => void;

  /**
   * @param ranges of the shards: the longest decides how many there is room for.
   * @param dropped is told which one is held no more because a newer one came.
   */
  constructor(ranges: readonly KeyRange[], dropped: (lease: number) => void) {
    this.#dropped = dropped;
    const longest = Math.max(1, ...ranges.map(({ length }) => length));
    const room = Math.floor((SHARE_OF_EVIDENCE * EVIDENCE_BYTES) / (longest * BYTES_PER_ELEMENT));
    this.#most = Math.min(MOST, room);
  }

  /** @returns whether it is held: there is no room for leases of a very large model. */
  add(held: Held): boolean {
    if (this.#most === 0) return false;
    this.#leases.set(held.lease, held);
    const [oldest] = this.#leases.keys();
    if (this.#leases.size > this.#most && oldest !== undefined) {
      this.#leases.delete(oldest);
      this.#dropped(oldest);
    }
    return true;
  }

  get(lease: number): Held | undefined {
    return this.#leases.get(lease);
  }

  delete(lease: number): void {
    this.#leases.delete(lease);
  }

  /** Those of which this holds are held no more. */
  takeAll(isTaken: (held: Held) => boolean): Held[] {
    const taken = [...this.#leases.values()].filter(isTaken);
    for (const { lease } of taken) this.#leases.delete(lease);
    return taken;
  }
}
