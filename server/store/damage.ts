import { systemErrorMessage, StoreError } from './errors.ts';
import type { FileProcess } from './fileProcess.ts';
import { codeOf, NO_ANSWER } from './files.ts';

/**
 * Refuses rows of which some cannot be read, or that are gone while there are blobs: a server that began anew beside
 * them would sooner or later remove what is still good [ST20].
 * @param path of the LMDB file.
 * @param blobs the folder of the blobs.
 * @throws {StoreError} naming the file, its fault and what to do; nothing but an empty file may have been made.
 */
export async function refuseDamaged(
  files: Pick<FileProcess, 'countRows' | 'list'>,
  path: string,
  blobs: string,
): Promise<void> {
  let rows: number;
  try {
    rows = await files.countRows(path);
  } catch (error) {
    if (codeOf(error) === NO_ANSWER) throw error;
    throw new StoreError(
      `${path} is damaged: ${systemErrorMessage(error)}. Put a copy of it back, or move its folder away to begin anew.`,
      { cause: error },
    );
  }
  if (rows > 0) return;
  const kept = await files.list(blobs).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (kept.length > 0) {
    throw new StoreError(
      `${path} has no rows, but there are checkpoints in ${blobs}. Put a copy of it back, or move ${blobs} away to begin anew.`,
    );
  }
}
