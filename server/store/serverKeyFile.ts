import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { KEY_BYTES } from '../core/serverKeys.ts';
import { writeAtomically } from './atomic.ts';
import { StoreError, systemErrorMessage } from './errors.ts';
import type { Files } from './files.ts';

/** The file of the server's key in a data folder. */
export const KEY_FILE = 'server.key';

const OWNER_ALONE = 0o600;

/**
 * The key of the server that has a data folder; made, and readable by its owner alone, where there is none [AU8].
 * @throws {StoreError} where it is no key, or cannot be read or written; it is never replaced, because every device
 *   would lose its id.
 */
export async function serverKeyIn(files: Files, folder: string): Promise<Uint8Array> {
  const path = join(folder, KEY_FILE);
  let key: Uint8Array;
  try {
    if ((await files.kindOf(path)) === null) {
      await writeAtomically(files, path, randomBytes(KEY_BYTES), OWNER_ALONE);
    }
    key = Uint8Array.from(await files.read(path));
  } catch (error) {
    throw new StoreError(`${path}, the server's key, cannot be used: ${systemErrorMessage(error)}`, {
      cause: error,
    });
  }
  if (key.length !== KEY_BYTES) {
    throw new StoreError(
      `${path} has ${key.length} bytes, a server's key has ${KEY_BYTES}: put the right one back from a backup. Without it, remove the file: then every device gets a new id.`,
    );
  }
  return key;
}
