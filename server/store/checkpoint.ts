import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY, writeAtomically } from './atomic.ts';
import { reasonOf, StoreError } from './errors.ts';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './format.ts';

export type { Checkpoint } from './format.ts';

/** A few, so that a person can go back behind a bad turn; each is as large as the model and its optimizer. */
const KEEP = 5;
const NAME = /^checkpoint-(\d{10,16})\.safetensors$/;

interface Entry {
  name: string;
  version: number;
}

/** The checkpoints of one run in one folder, which no other process may write to. */
export class CheckpointStore {
  readonly #folder: string;
  readonly #keep: number;
  /** The last save asked for: they are done one at a time, in order. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param folder made on the first save where there is none.
   * @param keep how many of the newest a save leaves, at least 1.
   */
  constructor(folder: string, keep = KEEP) {
    if (!Number.isInteger(keep) || keep < 1) throw new RangeError('keep: at least one checkpoint');
    this.#folder = folder;
    this.#keep = keep;
  }

  /**
   * Writes a checkpoint atomically, and only then removes all but the newest ones [CK5]. The checkpoint is
   * copied before this returns: its vectors may change while the promise is pending.
   * @returns the path of its file.
   * @throws {StoreError} where it cannot be written, or where the folder holds a later version, hence another
   *   run's [CK7]; what was kept before is then as it was.
   */
  async save(checkpoint: Checkpoint): Promise<string> {
    const bytes = encodeCheckpoint(checkpoint);
    const saved = this.#last.then(() => this.#write(checkpoint.version, bytes));
    this.#last = saved.catch(() => undefined);
    return saved;
  }

  /**
   * The newest checkpoint, or null where there is none.
   * @throws {StoreError} naming the file and its fault where that one is damaged [CK4]; never an older one in
   *   its place, because that is for a person to choose [CK6].
   */
  async newest(): Promise<Checkpoint | null> {
    const [entry] = await this.#entries();
    if (!entry) return null;
    try {
      const checkpoint = decodeCheckpoint(await readFile(join(this.#folder, entry.name)));
      if (checkpoint.version === entry.version) return checkpoint;
      throw new StoreError(`it holds version ${checkpoint.version}, not the one of its name`);
    } catch (error) {
      const fault = `${join(this.#folder, entry.name)} cannot be used: ${reasonOf(error)}.`;
      const remedy = 'Removing this file makes the checkpoint before it the newest.';
      throw new StoreError(`${fault} ${remedy}`, { cause: error });
    }
  }

  /**
   * Moves the checkpoints of an earlier run into a folder `earlier-<n>` beside them, so that a new run may begin
   * here at version 0 [CK7].
   * @returns that folder, or null where there was no checkpoint.
   */
  async setAside(): Promise<string | null> {
    const entries = await this.#entries();
    if (entries.length === 0) return null;
    const taken = new Set(await readdir(this.#folder));
    let number = 1;
    while (taken.has(`earlier-${number}`)) number++;
    const aside = join(this.#folder, `earlier-${number}`);
    await mkdir(aside);
    for (const { name } of entries) await rename(join(this.#folder, name), join(aside, name));
    return aside;
  }

  async #write(version: number, bytes: Uint8Array): Promise<string> {
    const path = join(this.#folder, `checkpoint-${String(version).padStart(10, '0')}.safetensors`);
    const [newest] = await this.#entries();
    if (newest && newest.version > version) {
      const found = `${join(this.#folder, newest.name)} is of a later version than ${version}, hence another run's`;
      throw new StoreError(`${found}. Resume that run, or set its checkpoints aside.`);
    }
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeAtomically(path, bytes);
    } catch (error) {
      throw new StoreError(`${path} cannot be written: ${reasonOf(error)}`, { cause: error });
    }
    await this.#prune();
    return path;
  }

  /** Removes old checkpoints, and unfinished files that a kill left: none is being written here now. */
  async #prune(): Promise<void> {
    const old = (await this.#entries()).slice(this.#keep).map((entry) => entry.name);
    const unfinished = (await readdir(this.#folder)).filter(
      (name) => /^\.checkpoint-/.test(name) && name.endsWith(TEMPORARY),
    );
    for (const name of [...old, ...unfinished]) await rm(join(this.#folder, name), { force: true });
  }

  /** Newest first. Anything in the folder that has not a checkpoint's name is left alone. */
  async #entries(): Promise<Entry[]> {
    const found = await readdir(this.#folder, { withFileTypes: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new StoreError(`${this.#folder} cannot be read: ${reasonOf(error)}`, { cause: error });
    });
    return found
      .filter((entry) => entry.isFile())
      .flatMap(({ name }) => {
        const version = NAME.exec(name)?.[1];
        return version === undefined ? [] : [{ name, version: Number(version) }];
      })
      .sort((one, other) => other.version - one.version);
  }
}
