/** How many updates count. */
export interface Voices {
  /** Of devices that the operator vouches for: all. */
  vouched: number;
  /** Of all other devices together: no more of each than it has voices. */
  others: number;
}

/** Workers or updates of a device, and how many of its updates count in one commit. */
interface Share {
  count: number;
  /** Infinity: all. */
  voices: number;
}

/** Adds up voices by devices [PO19]; a change takes no longer where there are more of them. */
export class VoiceTally {
  readonly #byDevice = new Map<string, Share>();
  #vouched = 0;
  #others = 0;

  get voices(): Voices {
    return { vouched: this.#vouched, others: this.#others };
  }

  /** One more of this device. @param voices updates of it that count in one commit at most, from now on. */
  add(device: string, voices: number): void {
    this.#set(device, { count: this.#of(device) + 1, voices });
  }

  /** One less of this device. */
  remove(device: string): void {
    const known = this.#byDevice.get(device);
    if (known !== undefined) this.#set(device, { ...known, count: known.count - 1 });
  }

  clear(): void {
    this.#byDevice.clear();
    this.#vouched = 0;
    this.#others = 0;
  }

  #of(device: string): number {
    return this.#byDevice.get(device)?.count ?? 0;
  }

  #set(device: string, share: Share): void {
    const before = this.#byDevice.get(device);
    if (before !== undefined) this.#count(before, -1);
    this.#count(share, 1);
    if (share.count === 0) this.#byDevice.delete(device);
    else this.#byDevice.set(device, share);
  }

  #count({ count, voices }: Share, sign: 1 | -1): void {
    if (Number.isFinite(voices)) this.#others += sign * Math.min(count, voices);
    else this.#vouched += sign * count;
  }
}
