import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { tidyAfter, withOpen, type Files, type OpenFile } from './files.ts';

/** The end of the name of a file that is not finished; one that is left over by a kill is only lost space. */
export const TEMPORARY = '.tmp';

/**
 * Writes a file wholly or not at all: a reader of `path`, at any moment and after a power cut, finds the old
 * content or the new. The folder must exist.
 * @param mode permissions of the file; without it, the system's default.
 * @throws the file system's error; `path` is then as it was.
 */
export async function writeAtomically(
  files: Files,
  path: string,
  bytes: Uint8Array,
  mode?: number,
): Promise<void> {
  // In the same folder, because a rename is atomic only within one file system.
  const temporary = temporaryBeside(path);
  try {
    await writeDurably(files, temporary, bytes, mode);
    await files.rename(temporary, path);
  } catch (error) {
    await tidyAfter(error, () => files.remove(temporary));
    throw error;
  }
  await syncFolder(files, dirname(path));
}

/** A name for the unfinished `path`, never the same twice. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}${TEMPORARY}`);
}

/** Writes a new file whose content outlasts a power cut; its name does only once its folder is synced. */
export function writeDurably(files: Files, path: string, bytes: Uint8Array, mode?: number): Promise<void> {
  const write = async (file: OpenFile) => {
    await files.write(file, bytes);
    // Before a rename: else a power cut can leave the new name with no content.
    await files.sync(file);
  };
  return withOpen(files, path, 'wx', write, mode);
}

/** Makes a folder's names durable. Windows has no such call on folders; its journal orders renames. */
export async function syncFolder(files: Files, path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await withOpen(files, path, 'r', (folder) => files.sync(folder));
}
