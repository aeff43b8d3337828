import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeCheckpoint, type Checkpoint } from '../../server/store/format.ts';

/** The checkpoint of the highest version in a data folder, which a server may be using. @throws where there is none. */
export async function newestCheckpoint(folder: string): Promise<Checkpoint> {
  const blobs = join(folder, 'blobs');
  const names = (await readdir(blobs)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const all = await Promise.all(
    names.map(async (name) => decodeCheckpoint(await readFile(join(blobs, name)))),
  );
  const newest = all.toSorted((one, other) => other.version - one.version)[0];
  if (newest === undefined) throw new Error(`${blobs} holds no checkpoint`);
  return newest;
}
