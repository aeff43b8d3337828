/** How many past versions a shard keeps for pulls besides the pinned ones. */
const KEPT_VERSIONS = 8;

/** A shard's slice at its last few versions, and at those that a lease has pinned. */
export class VersionRing {
  readonly #slices = new Map<number, Float32Array>();
  /** Lease to the version it pins. */
  readonly #pins = new Map<number, number>();
  #newest: number;

  constructor(version: number, slice: Float32Array) {
    this.#newest = version;
    this.#slices.set(version, slice);
  }

  get newest(): number {
    return this.#newest;
  }

  get(version: number): Float32Array | undefined {
    return this.#slices.get(version);
  }

  copyOfNewest(): Float32Array {
    const slice = this.#slices.get(this.#newest);
    if (slice === undefined) throw new Error('the newest version is always kept');
    return slice.slice();
  }

  add(version: number, slice: Float32Array): void {
    this.#slices.set(version, slice);
    this.#newest = version;
    this.#drop(version - KEPT_VERSIONS);
  }

  pin(lease: number, version: number): void {
    if (this.#slices.has(version)) this.#pins.set(lease, version);
  }

  unpin(lease: number): void {
    const version = this.#pins.get(lease);
    this.#pins.delete(lease);
    if (version !== undefined && version <= this.#newest - KEPT_VERSIONS) this.#drop(version);
  }

  #drop(version: number): void {
    for (const pinned of this.#pins.values()) if (pinned === version) return;
    this.#slices.delete(version);
  }
}
