/** Of whom updates are expected, or are. */
export interface ExpectedSenders {
  /** Of devices all of whose updates count: workers, or their updates. */
  workers: number;
  /** Of all other devices together: no more of each than it has. */
  voices: number;
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
  #workers = 0;
  #voices = 0;

  get total(): ExpectedSenders {
    return { workers: this.#workers, voices: this.#voices };
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
    this.#workers = 0;
    this.#voices = 0;
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
    if (Number.isFinite(voices)) this.#voices += sign * Math.min(count, voices);
    else this.#workers += sign * count;
  }
}
