import { join } from 'node:path';
import { syncFolder, TEMPORARY, temporaryBeside, writeAtomically, writeDurably } from './atomic.ts';
import { OtherFormatError, systemErrorMessage, StoreError } from './errors.ts';
import { codeOf, tidyAfter, type Files } from './files.ts';
import { makeFolders } from './folders.ts';
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
  readonly #files: Files;
  readonly #folder: string;
  readonly #keep: number;
  readonly #note: (line: string) => void;
  /** The last save asked for: they are done one at a time, in order. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param folder made on the first save where there is none.
   * @param keep how many of the newest a save leaves, at least 1.
   * @param note told where a save is done but older ones could not be removed.
   */
  constructor(files: Files, folder: string, keep = KEEP, note: (line: string) => void = () => undefined) {
    if (!Number.isInteger(keep) || keep < 1) throw new RangeError('keep: at least one checkpoint');
    this.#files = files;
    this.#folder = folder;
    this.#keep = keep;
    this.#note = note;
  }

  /**
   * Writes a checkpoint atomically, and only then removes all but the newest ones [CK15]. The checkpoint is
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
   * @throws {StoreError} naming the file and its fault where that one is damaged [CK4] or cannot be read; never an
   *   older one in its place, because that is for a person to choose [CK6].
   */
  async newest(): Promise<Checkpoint | null> {
    const [entry] = await this.#entries();
    if (!entry) return null;
    const path = join(this.#folder, entry.name);
    const bytes = await this.#files.read(path).catch((error: unknown) => {
      const fault = `${path} cannot be read: ${systemErrorMessage(error)}.`;
      throw new StoreError(`${fault} It may well be whole: go on once it can be read.`, { cause: error });
    });
    try {
      const checkpoint = decodeCheckpoint(bytes);
      if (checkpoint.version === entry.version) return checkpoint;
      throw new StoreError(`it holds version ${checkpoint.version}, not the one of its name`);
    } catch (error) {
      throw new StoreError(`${path} cannot be used: ${systemErrorMessage(error)}.${remedyOf(error)}`, {
        cause: error,
      });
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
    const taken = new Set((await this.#files.list(this.#folder)).map(({ name }) => name));
    let number = 1;
    while (taken.has(`earlier-${number}`)) number++;
    const aside = join(this.#folder, `earlier-${number}`);
    try {
      await this.#files.makeFolder(aside);
      for (const { name } of entries) await this.#files.rename(join(this.#folder, name), join(aside, name));
      // Their new names before the loss of the old: a power cut may leave both, never none.
      await syncFolder(this.#files, aside);
      await syncFolder(this.#files, this.#folder);
    } catch (error) {
      throw new StoreError(`the checkpoints cannot be moved to ${aside}: ${systemErrorMessage(error)}`, {
        cause: error,
      });
    }
    return aside;
  }

  /**
   * Writes as many bytes as a checkpoint would take, as a save does, and removes them: what would fail at the
   * first save fails now [CK10].
   * @throws {StoreError} naming the folder and the fault.
   */
  async rehearse(bytes: number): Promise<void> {
    const temporary = temporaryBeside(join(this.#folder, 'checkpoint-rehearsal'));
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
    // What stays of it goes with the next save.
    await this.#files.remove(path).catch(() => undefined);
  }

  async #write(version: number, bytes: Uint8Array): Promise<string> {
    const path = join(this.#folder, `checkpoint-${String(version).padStart(10, '0')}.safetensors`);
    const [newest] = await this.#entries();
    if (newest && newest.version > version) {
      const found = `${join(this.#folder, newest.name)} is of a later version than ${version}, hence another run's`;
      throw new StoreError(`${found}. Resume that run, or set its checkpoints aside.`);
    }
    try {
      await makeFolders(this.#files, this.#folder);
      await writeAtomically(this.#files, path, bytes);
    } catch (error) {
      throw new StoreError(`${path} cannot be written: ${systemErrorMessage(error)}`, { cause: error });
    }
    await this.#prune().catch((error: unknown) => {
      this.#note(`old checkpoints in ${this.#folder} cannot be removed: ${systemErrorMessage(error)}`);
    });
    return path;
  }

  /** Removes old checkpoints, and unfinished files that a kill left: none is being written here now. */
  async #prune(): Promise<void> {
    const old = (await this.#entries()).slice(this.#keep);
    const unfinished = (await this.#files.list(this.#folder)).filter(
      ({ name }) => /^\.checkpoint-/.test(name) && name.endsWith(TEMPORARY),
    );
    for (const { name } of [...old, ...unfinished]) await this.#files.remove(join(this.#folder, name));
  }

  /** Newest first. Anything in the folder that has not a checkpoint's name is left alone. */
  async #entries(): Promise<Entry[]> {
    const found = await this.#files.list(this.#folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw new StoreError(`${this.#folder} cannot be read: ${systemErrorMessage(error)}`, { cause: error });
    });
    return found
      .filter(({ kind }) => kind === 'file')
      .flatMap(({ name }) => {
        const version = NAME.exec(name)?.[1];
        return version === undefined ? [] : [{ name, version: Number(version) }];
      })
      .sort((one, other) => other.version - one.version);
  }
}

/** What to do about a checkpoint that cannot be used: nothing that loses one which may be whole. */
function remedyOf(error: unknown): string {
  if (error instanceof OtherFormatError) return ' Go on with the release that wrote it.';
  const isDamaged = error instanceof StoreError;
  return isDamaged ? ' Removing this file makes the checkpoint before it the newest.' : '';
}
