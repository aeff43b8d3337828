import type { Change, KeySpan, Row, Rows } from './rows.ts';

/** Rows in memory: for tests, and wherever nothing has to outlast the process. */
export class MemoryRows implements Rows {
  readonly #kept: Map<string, string>;

  /** @param kept what outlasts this object. */
  constructor(kept = new Map<string, string>()) {
    this.#kept = kept;
  }

  get(key: string): Promise<string | null> {
    return Promise.resolve(this.#kept.get(key) ?? null);
  }

  range({ from, below, limit, order }: KeySpan): Promise<Row[]> {
    const keys = [...this.#kept.keys()].filter((key) => key >= from && key < below).sort();
    if (order === 'descending') keys.reverse();
    return Promise.resolve(keys.slice(0, limit).map((key) => ({ key, value: this.#kept.get(key) ?? '' })));
  }

  write(changes: readonly Change[]): Promise<void> {
    for (const { key, value } of changes) {
      if (value === null) this.#kept.delete(key);
      else this.#kept.set(key, value);
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
