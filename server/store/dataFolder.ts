import { join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { CheckpointStore } from './checkpoint.ts';
import { FileProcess } from './fileProcess.ts';
import { describeHolder, FolderLock } from './folderLock.ts';
import { makeFolders } from './folders.ts';

/** The folder that a run is kept in, locked against other servers for as long as it is open [CK11]. */
export class DataFolder {
  readonly checkpoints: CheckpointStore;
  readonly #files: FileProcess;
  readonly #lock: FolderLock;
  #closed: Promise<void> | null = null;

  private constructor(path: string, files: FileProcess, lock: FolderLock, note: (line: string) => void) {
    this.checkpoints = new CheckpointStore(files, join(path, 'checkpoints'), undefined, note);
    this.#files = files;
    this.#lock = lock;
  }

  /**
   * Makes the folder where there is none, and locks it.
   * @param note told where the lock of a server that was killed was taken over, and where old checkpoints stay.
   * @throws {StoreError} where the folder cannot be made or written, or another server has it.
   */
  static async open(given: string, clock: Clock, note: (line: string) => void): Promise<DataFolder> {
    const path = resolve(given);
    const files = new FileProcess(clock);
    try {
      await makeFolders(files, path);
      const lock = await FolderLock.take({ files, folder: path });
      if (lock.recovered !== null) {
        note(
          `The server that had ${path} (${describeHolder(lock.recovered)}) ended without releasing it: taken over.`,
        );
      }
      return new DataFolder(path, files, lock, note);
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
    if (!this.#files.hangs) await this.#lock.release();
    this.#files.end();
  }
}
