/** A shard's slices of the weights that a unit began from and of the update that came of it. */
export interface Evidence {
  base: Float32Array;
  update: Float32Array;
}

/** What evidence may take in a shard: some leases of the largest model, thousands of a small one. */
export const EVIDENCE_BYTES = 128 * 1024 * 1024;

/**
 * What a shard keeps so that updates can be computed again, until the coordinator lets it go or memory is short [AT1]. Leases
 * of one version have one base, and one that comes to nothing takes no room of its own.
 */
export class EvidenceKeeper {
  readonly #leases = new Map<number, { base: Float32Array; update: Float32Array | null }>();
  /** How many leases began from each base. */
  readonly #bases = new Map<Float32Array, number>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes = EVIDENCE_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /**
   * Begins to keep what a lease comes to. Where there is no room, or the base is not there, nothing is kept and nobody
   * is accused [AT2].
   */
  keep(lease: number, base: Float32Array | undefined): void {
    if (base === undefined || this.#leases.has(lease)) return;
    const leases = this.#bases.get(base) ?? 0;
    if (!this.#take(leases === 0 ? base.byteLength : 0)) return;
    this.#bases.set(base, leases + 1);
    this.#leases.set(lease, { base, update: null });
  }

  /** The slice that was staged under a lease, where it is kept. It is not copied: do not change it. */
  staged(lease: number, update: Float32Array): void {
    const kept = this.#leases.get(lease);
    if (kept === undefined || kept.update !== null) return;
    if (this.#take(update.byteLength)) kept.update = update;
    else this.drop(lease);
  }

  /** Null where it is not kept, or the lease came to nothing. */
  of(lease: number): Evidence | null {
    const kept = this.#leases.get(lease);
    return kept === undefined || kept.update === null ? null : { base: kept.base, update: kept.update };
  }

  drop(lease: number): void {
    const kept = this.#leases.get(lease);
    if (kept === undefined) return;
    this.#leases.delete(lease);
    this.#bytes -= kept.update?.byteLength ?? 0;
    const leases = (this.#bases.get(kept.base) ?? 0) - 1;
    if (leases > 0) this.#bases.set(kept.base, leases);
    else {
      this.#bases.delete(kept.base);
      this.#bytes -= kept.base.byteLength;
    }
  }

  clear(): void {
    this.#leases.clear();
    this.#bases.clear();
    this.#bytes = 0;
  }

  /** @returns whether there was so much room. */
  #take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#limitBytes) return false;
    this.#bytes += bytes;
    return true;
  }
}
