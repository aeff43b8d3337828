/** A row as an engine knows it. */
export interface Row {
  /** ASCII: all engines then have one order. */
  key: string;
  value: string;
}

/** A row to be written in place of what its key has, or to be removed. */
export interface Change {
  key: string;
  value: string | null;
}

/** Rows with `from <= key < below`. */
export interface KeySpan {
  from: string;
  below: string;
  /** At most this many: the first in the order. */
  limit: number;
  order: 'ascending' | 'descending';
}

/**
 * What keeps rows. Each implementation passes the contract of `testing/rowsContract.ts` [ST1, ST2]. One process at a
 * time writes to them.
 */
export interface Rows {
  get(key: string): Promise<string | null>;
  range(span: KeySpan): Promise<Row[]>;
  /**
   * Makes all of the changes, in order, or none. When the promise is fulfilled they outlast the kill of any process
   * and a power cut. When it is rejected, none was made, unless nobody answered: then that is not known. Calls take
   * effect in the order in which they were made.
   */
  write(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}
