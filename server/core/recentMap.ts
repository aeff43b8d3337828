/** A map that forgets its entries beyond a number of them, those that were set longest ago first. */
export class RecentMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** @returns the key that was forgotten for it; null where there is room. */
  set(key: Key, value: Value): Key | null {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size <= this.#capacity || oldest === undefined) return null;
    this.#entries.delete(oldest);
    return oldest;
  }
}
