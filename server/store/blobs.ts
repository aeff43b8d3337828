import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TEMPORARY, temporaryBeside, writeAtomically, writeDurably } from './atomic.ts';
import { systemErrorMessage, StoreError } from './errors.ts';
import { codeOf, tidyAfter, type Files } from './files.ts';
import { makeFolders } from './folders.ts';

const NAME = /^[0-9a-f]{64}$/;

/** Files in one folder, each named by the SHA-256 of its content. No other process may write there. */
export class Blobs {
  readonly #files: Files;
  readonly #folder: string;

  /** @param folder made on the first write where there is none. */
  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Where a blob is. */
  pathOf(hash: string): string {
    return join(this.#folder, hash);
  }

  /**
   * Writes a blob atomically: a kill leaves it whole or not at all [ST7]. One that is there is written anew, since it may
   * be damaged.
   * @returns its name, the SHA-256 in hex.
   * @throws {StoreError} naming the file and the fault.
   */
  async put(bytes: Uint8Array): Promise<string> {
    const hash = hashOf(bytes);
    const path = this.pathOf(hash);
    try {
      await makeFolders(this.#files, this.#folder);
      await writeAtomically(this.#files, path, bytes);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`${path} cannot be written: ${systemErrorMessage(error)}`, { cause: error });
    }
    return hash;
  }

  /** @throws {StoreError} naming the file where it is missing, altered or cannot be read. */
  async get(hash: string): Promise<Uint8Array> {
    const path = this.pathOf(hash);
    let bytes: Uint8Array;
    try {
      bytes = await this.#files.read(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw new StoreError(`${path} is missing.`, { cause: error });
      const fault = `${path} cannot be read: ${systemErrorMessage(error)}.`;
      throw new StoreError(`${fault} It may well be whole: go on once it can be read.`, { cause: error });
    }
    if (hashOf(bytes) !== hash) throw new StoreError(`${path} is altered: its SHA-256 is not its name.`);
    return bytes;
  }

  /** Removes all blobs but these, and unfinished files that a kill left: nothing may be being written now. */
  async keepOnly(hashes: ReadonlySet<string>): Promise<void> {
    for (const { name, kind } of await this.#files.list(this.#folder)) {
      const isBlob = NAME.test(name) && !hashes.has(name);
      if (kind === 'file' && (isBlob || name.endsWith(TEMPORARY)))
        await this.#files.remove(join(this.#folder, name));
    }
  }

  /**
   * Writes this many bytes as {@link put} would, and removes them: what would fail at the first write fails now [CK10].
   * @throws {StoreError} naming the folder and the fault.
   */
  async rehearse(bytes: number): Promise<void> {
    const temporary = temporaryBeside(join(this.#folder, 'rehearsal'));
    try {
      await makeFolders(this.#files, this.#folder);
      await this.#tryOut(temporary, new Uint8Array(bytes));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`no checkpoint can be written in ${this.#folder}: ${systemErrorMessage(error)}`, {
        cause: error,
      });
    }
  }

  async #tryOut(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await writeDurably(this.#files, path, bytes);
    } catch (error) {
      await tidyAfter(error, () => this.#files.remove(path));
      throw error;
    }
    // What stays of it goes with the next blob that is written.
    await this.#files.remove(path).catch(() => undefined);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
