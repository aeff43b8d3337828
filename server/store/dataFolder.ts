import { join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { syncFolder } from './atomic.ts';
import { CheckpointStore } from './checkpoint.ts';
import { refuseDamaged } from './damage.ts';
import { StoreError, systemErrorMessage } from './errors.ts';
import { FileProcess } from './fileProcess.ts';
import { describeHolder, FolderLock } from './folderLock.ts';
import { makeFolders } from './folders.ts';
import { LmdbRows } from './lmdbRows.ts';
import { serverKeyIn } from './serverKeyFile.ts';
import { Store } from './store.ts';

/** The LMDB file of a data folder. */
export const ROWS_FILE = 'store.mdb';

/** The folder that a server keeps everything in, locked against other servers for as long as it is open [CK11]. */
export class DataFolder {
  readonly checkpoints: CheckpointStore;
  readonly store: Store;
  /** Of the server, from which its other keys are derived. */
  readonly key: Uint8Array;
  readonly #files: FileProcess;
  readonly #lock: FolderLock;
  #closed: Promise<void> | null = null;

  private constructor(parts: {
    checkpoints: CheckpointStore;
    store: Store;
    key: Uint8Array;
    files: FileProcess;
    lock: FolderLock;
  }) {
    const { checkpoints, store, key, files, lock } = parts;
    this.checkpoints = checkpoints;
    this.store = store;
    this.key = key;
    this.#files = files;
    this.#lock = lock;
  }

  /**
   * Makes the folder where there is none, and locks it.
   * @param note told where the lock of a server that was killed was taken over, and where old checkpoints stay.
   * @throws {StoreError} where the folder cannot be made or written, another server has it, or its key or its store
   *   cannot be used.
   */
  static async open(given: string, clock: Clock, note: (line: string) => void): Promise<DataFolder> {
    const path = resolve(given);
    const files = new FileProcess(clock);
    try {
      await makeFolders(files, path);
      const lock = await FolderLock.take({ files, folder: path });
      const open = async () => {
        const key = await serverKeyIn(files, path);
        return { key, store: await openStore(files, path) };
      };
      const opened = await open().catch(async (error: unknown) => {
        if (!files.hangs) await lock.release();
        throw error;
      });
      if (lock.recovered !== null) {
        note(
          `The server that had ${path} (${describeHolder(lock.recovered)}) ended without releasing it: taken over.`,
        );
      }
      const checkpoints = new CheckpointStore(files, join(path, 'checkpoints'), undefined, note);
      return new DataFolder({ ...opened, checkpoints, files, lock });
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
