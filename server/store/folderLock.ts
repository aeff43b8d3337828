import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { printable } from '../../shared/text/printable.ts';
import { TEMPORARY, writeAtomically, writeDurably } from './atomic.ts';
import { systemErrorMessage, StoreError } from './errors.ts';
import { codeOf, tidyAfter, type Files } from './files.ts';
import {
  processStateOf,
  processIdentity,
  thisProcess,
  type ProcessState,
  type ProcessIdentity,
} from './processIdentity.ts';

/** Of the lock, which is a folder: only those can be put in a place in one step where nothing may be replaced. */
export const LOCK_NAME = 'server.lock';

const holderSchema = z.extend(processIdentity, {
  /** Where the holder serves; null before it listens. */
  address: z.nullable(z.string().check(z.regex(/^https?:\/\/[\w.:[\]-]{1,300}$/))),
});
/** Who holds a lock, as the lock says it. */
export type LockHolder = z.infer<typeof holderSchema>;

export interface LockParts {
  files: Files;
  /** The folder to be locked. */
  folder: string;
  /** Who takes it. */
  taker?: ProcessIdentity;
  fate?: (holder: ProcessIdentity) => ProcessState;
}

/** Each attempt is lost to another server that took or released the lock in that moment. */
const MAX_ATTEMPTS = 20;
/** What systems answer where a folder cannot take the place of another that is not empty; Windows, of any other. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])]);

/**
 * The lock of a data folder: a folder in it that holds one file, `<id>.json`, named by an id that is used once and
 * says who holds the lock.
 *
 * It is taken by a rename, which fails where the lock holds a file, so of several takers one succeeds. A lock
 * whose process has ended is emptied by removing the very file that was read, so nobody can remove a lock that
 * another has taken meanwhile [CK11].
 */
export class FolderLock {
  /** Who held the lock before and ended without releasing it. */
  readonly recovered: LockHolder | null;
  readonly #files: Files;
  readonly #path: string;
  readonly #id: string;
  readonly #taker: ProcessIdentity;

  private constructor(parts: {
    files: Files;
    path: string;
    id: string;
    taker: ProcessIdentity;
    recovered: LockHolder | null;
  }) {
    this.#files = parts.files;
    this.#path = parts.path;
    this.#id = parts.id;
    this.#taker = parts.taker;
    this.recovered = parts.recovered;
  }

  /** @throws {StoreError} where another server holds the lock, or the folder cannot be written. */
  static async take({
    files,
    folder,
    taker = thisProcess(),
    fate = processStateOf,
  }: LockParts): Promise<FolderLock> {
    const path = join(folder, LOCK_NAME);
    try {
      let recovered: LockHolder | null = null;
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const id = newId();
        if (await put(files, { folder, path, id, taker })) {
          await sweep(files, folder).catch(() => undefined);
          return new FolderLock({ files, path, id, taker, recovered });
        }
        recovered = (await clear(files, { path, folder, fate })) ?? recovered;
      }
      throw new StoreError(`${path} cannot be taken`);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`the folder ${folder} cannot be written: ${systemErrorMessage(error)}`, {
        cause: error,
      });
    }
  }

  /** Adds to the lock where its holder serves: an origin, without credentials. */
  async announce(address: string): Promise<void> {
    await writeAtomically(this.#files, fileOf(this.#path, this.#id), contentOf({ ...this.#taker, address }));
  }

  /** Another server may take the folder. A lock that cannot be removed is recovered by the next one. */
  async release(): Promise<void> {
    try {
      await this.#files.remove(fileOf(this.#path, this.#id));
      await this.#files.removeFolder(this.#path);
    } catch {
      // The next server sees that this process has ended.
    }
  }
}

function fileOf(lock: string, id: string): string {
  return join(lock, `${id}.json`);
}

function contentOf(holder: LockHolder): Uint8Array {
  return Buffer.from(`${JSON.stringify(holder)}\n`);
}

function newId(): string {
  return randomBytes(8).toString('hex');
}

/** Where a lock is prepared. */
function preparedIn(folder: string, id: string): string {
  return join(folder, `.${LOCK_NAME}.${id}${TEMPORARY}`);
}

/** Prepares a lock and moves it in its place. Answers whether that was free; what was prepared is gone where not. */
async function put(
  files: Files,
  { folder, path, id, taker }: { folder: string; path: string; id: string; taker: ProcessIdentity },
): Promise<boolean> {
  const prepared = preparedIn(folder, id);
  await files.makeFolder(prepared);
  try {
    await writeDurably(files, fileOf(prepared, id), contentOf({ ...taker, address: null }));
    if (await moved(files, prepared, path)) return true;
  } catch (error) {
    await tidyAfter(error, () => removeAll(files, prepared));
    // Who has taken the lock meanwhile has swept it away.
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  await removeAll(files, prepared);
  return false;
}

/**
 * Removes what servers left that were killed while they took the lock. Its holder alone may: a server that prepares
 * one now finds it gone, and then the lock taken.
 */
async function sweep(files: Files, folder: string): Promise<void> {
  const names = await namesIn(files, folder);
  for (const name of names.filter((each) => each.startsWith(`.${LOCK_NAME}.`) && each.endsWith(TEMPORARY))) {
    // Away from its name at once: what is half removed must not be moved in the lock's place.
    const aside = preparedIn(folder, newId());
    await files.rename(join(folder, name), aside);
    await removeAll(files, aside);
  }
}

/** Whether the prepared lock is now the lock. */
async function moved(files: Files, prepared: string, path: string): Promise<boolean> {
  try {
    await files.rename(prepared, path);
    return true;
  } catch (error) {
    if (TAKEN.has(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/**
 * Makes way for a new lock where the holder of the present one has ended.
 * @returns that holder, or null where the lock went meanwhile.
 * @throws {StoreError} where the holder runs, or nobody can tell.
 */
async function clear(
  files: Files,
  { path, folder, fate }: { path: string; folder: string; fate: (holder: ProcessIdentity) => ProcessState },
): Promise<LockHolder | null> {
  const names = await namesIn(files, path);
  const file = names.find((name) => /^[^.].*\.json$/.test(name));
  if (file === undefined && names.length > 0) throw unreadable(path, folder);
  const holder = file === undefined ? null : await holderIn(files, join(path, file));
  if (holder === 'unreadable') throw unreadable(path, folder);
  if (holder !== null) {
    const reason = REFUSALS[fate(holder)];
    if (reason !== null) throw new StoreError(`the folder ${folder} is in use by ${reason(holder, path)}`);
    // What it was writing when it was killed bears the name of its file. That goes last: it says whose the rest is.
    const others = names.filter((name) => name !== file && name.includes(file ?? ''));
    for (const name of [...others, file ?? '']) await files.remove(join(path, name));
  }
  await files.removeFolder(path).catch(() => undefined);
  return holder;
}

/** Most systems have no longer name. */
const MAX_HOST = 64;

/** Why a lock is not taken over, by what became of its holder; null where it is. */
const REFUSALS: Readonly<Record<ProcessState, ((holder: LockHolder, lock: string) => string) | null>> = {
  runs: (holder) =>
    `another server: ${describeHolder(holder)}. Stop that one, or choose another folder with --data-dir.`,
  unseen: (holder, lock) =>
    `a server that cannot be seen from here: ${describeHolder(holder)}, on ${printable(holder.host, MAX_HOST)}. If it has ended, remove ${lock}.`,
  ended: null,
};

/** `process 4711, http://localhost:8080`. */
export function describeHolder({ pid, address }: LockHolder): string {
  return `process ${pid}, ${address ?? 'which did not listen yet'}`;
}

function unreadable(path: string, folder: string): StoreError {
  return new StoreError(`${path} does not say which server uses ${folder}. If none does, remove it.`);
}

async function namesIn(files: Files, folder: string): Promise<string[]> {
  try {
    return (await files.list(folder)).map(({ name }) => name);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The holder that a file names; null where the file went meanwhile. */
async function holderIn(files: Files, path: string): Promise<LockHolder | 'unreadable' | null> {
  let content: Uint8Array;
  try {
    content = await files.read(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const holder: unknown = JSON.parse(Buffer.from(content).toString());
    return z.parse(holderSchema, holder);
  } catch {
    return 'unreadable';
  }
}

async function removeAll(files: Files, folder: string): Promise<void> {
  try {
    for (const name of await namesIn(files, folder)) await files.remove(join(folder, name));
    await files.removeFolder(folder);
  } catch {
    // It is in nobody's way; the failure before is the one to tell of.
  }
}
