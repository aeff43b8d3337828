import { Blobs } from '../blobs.ts';
import { Checkpoints } from '../checkpoint.ts';
import type { Files } from '../files.ts';
import { MemoryRows } from '../memoryRows.ts';
import { Runs } from '../runs.ts';
import { Store } from '../store.ts';

export const BLOB_FOLDER = '/data/blobs';

/** A store whose blobs are on `files` and whose rows are in memory, in `rows`, which outlast it. */
export async function keptOn(
  files: Files,
  {
    rows = new Map<string, string>(),
    keep,
    folder = BLOB_FOLDER,
  }: { rows?: Map<string, string>; keep?: number; folder?: string } = {},
) {
  const told: string[] = [];
  const store = await Store.open(new MemoryRows(rows), '/data/store.mdb');
  const blobs = new Blobs(files, folder);
  const note = (line: string) => void told.push(line);
  const checkpoints = new Checkpoints({ store, blobs, note, ...(keep !== undefined && { keep }) });
  const runs = new Runs(store, checkpoints);
  return { store, blobs, checkpoints, runs, rows, told };
}
