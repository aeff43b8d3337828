import { StoreError, systemErrorMessage } from './errors.ts';
import type { Change, KeySpan, Row, Rows } from './rows.ts';

/** The operations on an LMDB file that the file process does, each within its limit [CK9]. */
export interface LmdbOperations {
  readRow(path: string, key: string): Promise<string | null>;
  readRows(path: string, span: KeySpan): Promise<Row[]>;
  writeRows(path: string, changes: readonly Change[]): Promise<void>;
  closeRows(path: string): Promise<void>;
}

interface Waiting {
  changes: readonly Change[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Rows in an LMDB file. A transaction takes as long as the disk needs to have it durable, so whatever is asked for
 * while one is under way makes one transaction together.
 */
export class LmdbRows implements Rows {
  readonly #operations: LmdbOperations;
  readonly #path: string;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;

  /** @param path of the file, which is made where there is none. */
  constructor(operations: LmdbOperations, path: string) {
    this.#operations = operations;
    this.#path = path;
  }

  get(key: string): Promise<string | null> {
    return this.#operations.readRow(this.#path, key).catch((error: unknown) => {
      throw this.#failure('read', error);
    });
  }

  range(span: KeySpan): Promise<Row[]> {
    return this.#operations.readRows(this.#path, span).catch((error: unknown) => {
      throw this.#failure('read', error);
    });
  }

  write(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      this.#writing ??= this.#writeWaiting();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#operations.closeRows(this.#path);
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        await this.#operations.writeRows(
          this.#path,
          together.flatMap(({ changes }) => changes),
        );
        for (const { resolve } of together) resolve();
      } catch (error) {
        for (const { reject } of together) reject(this.#failure('written', error));
      }
    }
    this.#writing = null;
  }

  #failure(what: string, error: unknown): StoreError {
    return new StoreError(`${this.#path} cannot be ${what}: ${systemErrorMessage(error)}`, { cause: error });
  }
}
