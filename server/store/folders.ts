import { dirname } from 'node:path';
import { syncFolder } from './atomic.ts';
import { systemErrorMessage, StoreError } from './errors.ts';
import { codeOf, type Files } from './files.ts';

/** What an error means of a folder that was not found, in one that was. */
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'it is a link to nothing',
  ENOENT: 'its file system allows none there',
};

/**
 * Makes a folder, and those above it that are missing, one at a time: a recursive call tells a file system that
 * cannot be written as a folder that does not exist.
 * @param path absolute.
 * @throws {StoreError} naming the folder that could not be made, or what is in its way.
 */
export async function makeFolders(files: Files, path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; !(await isFolder(files, folder)); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    try {
      await files.makeFolder(folder);
    } catch (error) {
      // Another process may have made it in the same moment.
      if (codeOf(error) === 'EEXIST' && (await isFolder(files, folder))) continue;
      const reason = REASONS[codeOf(error) ?? ''] ?? systemErrorMessage(error);
      throw new StoreError(`the folder ${folder} cannot be made: ${reason}`, { cause: error });
    }
    await syncFolder(files, dirname(folder));
  }
}

/** @throws {StoreError} where something else is at the path, or nothing can be found out. */
async function isFolder(files: Files, path: string): Promise<boolean> {
  let kind;
  try {
    kind = await files.kindOf(path);
  } catch (error) {
    throw new StoreError(`the folder ${path} cannot be used: ${systemErrorMessage(error)}`, { cause: error });
  }
  if (kind === null || kind === 'folder') return kind === 'folder';
  throw new StoreError(`${path} is not a folder`);
}
