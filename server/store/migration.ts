import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Measurement } from '../../shared/protocol/admin.ts';
import { DATASET_BEFORE_CHOICE } from '../dataset/datasets.ts';
import type { Blobs } from './blobs.ts';
import { OtherFormatError, StoreError, systemErrorMessage } from './errors.ts';
import { codeOf, type Files } from './files.ts';
import { decodeCheckpoint, type Checkpoint } from './format.ts';
import type { Store } from './store.ts';
import type { KeptCheckpoint, KeptJob, KeptRun } from './tables.ts';

/** Where releases of before the store kept checkpoints, within a data folder. */
export const EARLIER_FOLDER = 'checkpoints';
const NAME = /^checkpoint-(\d{10,16})\.safetensors$/;

export interface MigrationParts {
  files: Files;
  /** The data folder. */
  folder: string;
  /** It has no run yet. */
  store: Store;
  blobs: Blobs;
  note: (line: string) => void;
}

interface Found {
  checkpoint: Checkpoint;
  bytes: Uint8Array;
}

/**
 * Makes a run of the checkpoints that a release of before the store left in a data folder: copies them as blobs, and
 * then writes all rows at once. The files stay as they were [ST10].
 * @throws {StoreError} naming the newest file where that cannot be used; nothing is in the store then.
 */
export async function migrateCheckpoints(parts: MigrationParts): Promise<void> {
  const { store, blobs, folder, note } = parts;
  const found = await foundIn(parts);
  const [newest] = found;
  if (newest === undefined) return;
  const { model, settings, savedAt } = newest.checkpoint;
  const { measurements, ran } = forwardInTime(newest.checkpoint);
  const job: KeptJob = {
    job: randomBytes(6).toString('hex'),
    model,
    dataset: String(settings['dataset'] ?? DATASET_BEFORE_CHOICE),
    settings,
    madeAt: savedAt,
  };
  const run: KeptRun = {
    run: randomBytes(6).toString('hex'),
    number: 1,
    job: job.job,
    settings,
    state: 'running',
    stop: null,
    incarnation: null,
    startedAt: savedAt,
  };
  const rows: KeptCheckpoint[] = [];
  for (const { checkpoint, bytes } of found) {
    const { version, updates, samples } = checkpoint;
    const seconds = Math.min(ran, Math.max(0, checkpoint.seconds));
    const about = {
      version,
      updates,
      samples,
      seconds,
      savedAt: checkpoint.savedAt,
      measured: null,
      good: false,
    };
    rows.push({ run: run.run, ...about, blob: await blobs.put(bytes), bytes: bytes.length });
  }
  rows[0] = { ...(rows[0] as KeptCheckpoint), seconds: ran };
  await store.write(
    store.jobs.putting(job),
    store.runs.putting(run),
    ...rows.map((row) => store.checkpoints.putting(row)),
    ...(await store.measurements.appending(run.run, ...measurements)),
  );
  note(
    `The checkpoints in ${join(folder, EARLIER_FOLDER)} are run ${run.run} of the store now. Nothing reads their files any more: they are the copy of before.`,
  );
  if (ran !== newest.checkpoint.seconds) {
    const said = `${Math.round(newest.checkpoint.seconds)} s`;
    note(
      `The time of the run in the checkpoint, ${said}, ran backwards: it goes on from ${Math.round(ran)} s.`,
    );
  }
}

/** Newest first. An older one that cannot be used is left out, which is said. */
async function foundIn({ files, folder, note }: MigrationParts): Promise<Found[]> {
  const place = join(folder, EARLIER_FOLDER);
  const names = (await namesIn(files, place))
    .filter((name) => NAME.test(name))
    .sort()
    .reverse();
  const found: Found[] = [];
  for (const name of names) {
    const path = join(place, name);
    try {
      found.push(await readAt(files, path, Number(NAME.exec(name)?.[1])));
    } catch (error) {
      if (found.length === 0) throw error;
      note(`${systemErrorMessage(error)} It is left out.`);
    }
  }
  return found;
}

async function readAt(files: Files, path: string, version: number): Promise<Found> {
  const bytes = await files.read(path).catch((error: unknown) => {
    const fault = `${path} cannot be read: ${systemErrorMessage(error)}.`;
    throw new StoreError(`${fault} It may well be whole: go on once it can be read.`, { cause: error });
  });
  try {
    const checkpoint = decodeCheckpoint(bytes);
    if (checkpoint.version === version) return { checkpoint, bytes };
    throw new StoreError(`it holds version ${checkpoint.version}, not the one of its name`);
  } catch (error) {
    throw new StoreError(`${path} cannot be used: ${systemErrorMessage(error)}.${remedyOf(error)}`, {
      cause: error,
    });
  }
}

async function namesIn(files: Files, folder: string): Promise<string[]> {
  try {
    return (await files.list(folder)).filter(({ kind }) => kind === 'file').map(({ name }) => name);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new StoreError(`${folder} cannot be read: ${systemErrorMessage(error)}`, { cause: error });
  }
}

/** What to do about a file that cannot be used: nothing that loses one which may be whole. */
function remedyOf(error: unknown): string {
  if (error instanceof OtherFormatError) return ' Go on with the release that wrote it.';
  return ' Moving this file away makes the checkpoint before it the newest.';
}

/**
 * The time and measurements of a checkpoint whose time may run backwards or be below zero, as releases kept it whose
 * machine was set back: there it stands still instead [TI2].
 */
function forwardInTime(checkpoint: Checkpoint): { measurements: Measurement[]; ran: number } {
  let latest = 0;
  const measurements = (checkpoint.measurements ?? []).map((measurement) => {
    latest = Math.max(latest, measurement.seconds);
    return { ...measurement, seconds: latest };
  });
  return { measurements, ran: Math.max(latest, checkpoint.seconds) };
}
