import type { Blobs } from './blobs.ts';
import { OtherFormatError, StoreError, systemErrorMessage } from './errors.ts';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './format.ts';
import type { Change } from './rows.ts';
import type { Store } from './store.ts';
import type { KeptCheckpoint, Quality } from './tables.ts';

export type { Checkpoint } from './format.ts';

/** A few, so that a person can go back behind a bad turn; each is as large as the model and its optimizer. */
const KEEP_NEWEST = 5;
/** One may be found bad later. */
const KEEP_GOOD = 2;

export interface CheckpointsParts {
  store: Store;
  blobs: Blobs;
  /** How many of the newest of a run a save leaves, at least 1. */
  keep?: number;
  /** Told where a save is done but older ones could not be removed. */
  note?: (line: string) => void;
}

/** The checkpoints of all runs: a row for each, and a blob that the row names. */
export class Checkpoints {
  readonly #store: Store;
  readonly #blobs: Blobs;
  readonly #keep: number;
  readonly #note: (line: string) => void;
  /** The last change asked for: they are made one at a time, in order. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ store, blobs, keep = KEEP_NEWEST, note = () => undefined }: CheckpointsParts) {
    if (!Number.isInteger(keep) || keep < 1) throw new RangeError('keep: at least one checkpoint');
    this.#store = store;
    this.#blobs = blobs;
    this.#keep = keep;
    this.#note = note;
  }

  /**
   * Writes the blob of a checkpoint, then its row, and only then removes old ones: the newest of the run stay, and the
   * last two that were measured and good [CK15, CK26]. The checkpoint is copied before this returns: its vectors may
   * change while the promise is pending.
   * @param also changes that are made with the row.
   * @throws {StoreError} where it cannot be written; what was kept before is then as it was.
   */
  async save(
    run: string,
    checkpoint: Checkpoint,
    quality: Quality,
    also: readonly Change[] = [],
  ): Promise<void> {
    const bytes = encodeCheckpoint(checkpoint);
    const { version, updates, samples, seconds, savedAt } = checkpoint;
    await this.#inOrder(async () => {
      const blob = await this.#blobs.put(bytes);
      const facts = { version, updates, samples, seconds, savedAt };
      const row = { run, ...facts, bytes: bytes.length, blob, ...quality };
      await this.#store.write(...also, this.#store.checkpoints.putting(row));
      await this.#prune(run).catch((error: unknown) => {
        this.#note(`old checkpoints cannot be removed: ${systemErrorMessage(error)}`);
      });
    });
  }

  /** Keeps what was measured of a version, where there is a checkpoint of it. */
  async measured(run: string, version: number, quality: Quality): Promise<void> {
    await this.#inOrder(async () => {
      const row = await this.#store.checkpoints.get(run, version);
      if (row !== null) await this.#store.checkpoints.put({ ...row, ...quality });
    });
  }

  /** Those of a run, newest first. */
  list(run: string): Promise<KeptCheckpoint[]> {
    return this.#store.checkpoints.list({ under: [run], order: 'descending' });
  }

  /**
   * A checkpoint that is kept.
   * @throws {StoreError} naming the file, its fault and what to do where it is missing, damaged [CK4] or cannot be read;
   *   never another one in its place, because that is for a person to choose [CK6].
   */
  async load(row: KeptCheckpoint): Promise<Checkpoint> {
    try {
      const checkpoint = decodeCheckpoint(await this.#blobs.get(row.blob));
      if (checkpoint.version === row.version) return checkpoint;
      throw new StoreError(`${this.#blobs.pathOf(row.blob)} holds version ${checkpoint.version}.`);
    } catch (error) {
      const fault = systemErrorMessage(error);
      throw new StoreError(
        `the checkpoint of version ${row.version} cannot be used: ${fault}${await this.#remedy(row, error)}`,
        { cause: error },
      );
    }
  }

  /** As {@link Blobs.rehearse}. */
  rehearse(bytes: number): Promise<void> {
    return this.#blobs.rehearse(bytes);
  }

  /** What to do about a checkpoint that cannot be used: nothing that loses one which may be whole. */
  async #remedy({ run, version }: KeptCheckpoint, error: unknown): Promise<string> {
    if (error instanceof OtherFormatError) return ' Go on with the release that wrote it.';
    const [before] = (await this.list(run)).filter((row) => row.version < version);
    const otherwise =
      before === undefined ? '' : `--checkpoint ${before.version} goes on from the one before it, `;
    return ` ${otherwise}--new begins another run.`;
  }

  async #prune(run: string): Promise<void> {
    const rows = await this.list(run);
    const good = rows.filter((row) => row.good).slice(0, KEEP_GOOD);
    const old = rows.filter((row, index) => index >= this.#keep && !good.includes(row));
    if (old.length > 0)
      await this.#store.write(...old.map((row) => this.#store.checkpoints.removing(row.run, row.version)));
    const named = await this.#store.checkpoints.list();
    await this.#blobs.keepOnly(new Set(named.map(({ blob }) => blob)));
  }

  #inOrder(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
