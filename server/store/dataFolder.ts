import { join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { syncFolder } from './atomic.ts';
import { Blobs } from './blobs.ts';
import { Checkpoints } from './checkpoint.ts';
import { refuseDamaged } from './damage.ts';
import { StoreError, systemErrorMessage } from './errors.ts';
import { FileProcess } from './fileProcess.ts';
import { describeHolder, FolderLock } from './folderLock.ts';
import { makeFolders } from './folders.ts';
import { LmdbRows } from './lmdbRows.ts';
import { migrateCheckpoints } from './migration.ts';
import { Runs } from './runs.ts';
import { serverKeyIn } from './serverKeyFile.ts';
import { Store } from './store.ts';

/** The LMDB file of a data folder. */
export const ROWS_FILE = 'store.mdb';

/** The folder that a server keeps everything in, locked against other servers for as long as it is open [CK11]. */
export class DataFolder {
  readonly store: Store;
  readonly checkpoints: Checkpoints;
  readonly runs: Runs;
  /** Of the server, from which its other keys are derived. */
  readonly key: Uint8Array;
  readonly #files: FileProcess;
  readonly #lock: FolderLock;
  #closed: Promise<void> | null = null;

  private constructor(parts: {
    store: Store;
    checkpoints: Checkpoints;
    key: Uint8Array;
    files: FileProcess;
    lock: FolderLock;
  }) {
    const { store, checkpoints, key, files, lock } = parts;
    this.store = store;
    this.checkpoints = checkpoints;
    this.runs = new Runs(store, checkpoints);
    this.key = key;
    this.#files = files;
    this.#lock = lock;
  }

  /**
   * Makes the folder where there is none, locks it and opens its store, into which checkpoints of before go.
   * @param note told where the lock of a server that was killed was taken over, and what became of old checkpoints.
   * @throws {StoreError} where the folder cannot be made or written, another server has it, or its key or its store
   *   cannot be used.
   */
  static async open(given: string, clock: Clock, note: (line: string) => void): Promise<DataFolder> {
    const path = resolve(given);
    const files = new FileProcess(clock);
    try {
      await makeFolders(files, path);
      const lock = await FolderLock.take({ files, folder: path });
      try {
        if (lock.recovered !== null) {
          note(
            `The server that had ${path} (${describeHolder(lock.recovered)}) ended without releasing it: taken over.`,
          );
        }
        const key = await serverKeyIn(files, path);
        const store = await openStore(files, path);
        const blobs = new Blobs(files, join(path, 'blobs'));
        if ((await store.runs.list({ limit: 1 })).length === 0)
          await migrateCheckpoints({ files, folder: path, store, blobs, note });
        const checkpoints = new Checkpoints({ store, blobs, note });
        return new DataFolder({ store, checkpoints, key, files, lock });
      } catch (error) {
        if (!files.hangs) await lock.release();
        throw error;
      }
    } catch (error) {
      files.end();
      throw error;
    }
  }

  /** Says in the lock where this server serves, so that another server that finds the folder taken can name its holder. */
  announce(address: string): Promise<void> {
    return this.#lock.announce(address);
  }

  /** Releases the lock. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // A file system that does not answer would only be waited for once more.
    if (!this.#files.hangs) {
      await this.store.close().catch(() => undefined);
      await this.#lock.release();
    }
    this.#files.end();
  }
}

/** @throws {StoreError} where the store cannot be used, naming its file. */
async function openStore(files: FileProcess, folder: string): Promise<Store> {
  const path = join(folder, ROWS_FILE);
  try {
    await refuseDamaged(files, path, join(folder, 'blobs'));
    const store = await Store.open(new LmdbRows(files, path), path);
    // The name of a new file has to outlast a power cut as its rows do.
    await syncFolder(files, folder);
    return store;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`${path} cannot be used: ${systemErrorMessage(error)}`, { cause: error });
  }
}
