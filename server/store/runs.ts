import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { AdminSnapshot, Measurement } from '../../shared/protocol/admin.ts';
import type { RunState, StopReason } from '../../shared/protocol/runState.ts';
import { isGood } from '../core/run/measurements.ts';
import type { Checkpoint, Checkpoints } from './checkpoint.ts';
import { StoreError } from './errors.ts';
import type { Change } from './rows.ts';
import type { Store } from './store.ts';
import type { KeptCheckpoint, KeptJob, KeptRun, Quality } from './tables.ts';

/** What a run is begun with. */
export interface JobDescription {
  model: ModelSpec;
  dataset: string;
  settings: AdminSnapshot['settings'];
}

/** A run that is in the store, and the job that it does. */
export interface StoredRun {
  row: KeptRun;
  job: KeptJob;
}

/** The runs in a store. */
export class Runs {
  readonly #store: Store;
  readonly #checkpoints: Checkpoints;

  constructor(store: Store, checkpoints: Checkpoints) {
    this.#store = store;
    this.#checkpoints = checkpoints;
  }

  /** The run that was begun last, or null where there is none. @throws {StoreError} where its rows are damaged. */
  async newest(): Promise<StoredRun | null> {
    const row = await this.#newestRow();
    if (row === undefined) return null;
    const job = await this.#store.jobs.get(row.job);
    if (job === null) throw new StoreError(`the job of run ${row.run} is missing in the store`);
    return { row, job };
  }

  /** A run that goes into the store once it is {@link RunRecord.started started}. */
  async begin({ model, dataset, settings }: JobDescription, today: Date): Promise<RunRecord> {
    const at = today.toISOString();
    const number = ((await this.#newestRow())?.number ?? 0) + 1;
    const job: KeptJob = { job: newId(), model, dataset, settings, madeAt: at };
    const run: KeptRun = {
      run: newId(),
      number,
      job: job.job,
      settings,
      state: 'running',
      stop: null,
      incarnation: null,
      startedAt: at,
    };
    return new RunRecord(this.#store, this.#checkpoints, { row: run, job }, 0, []);
  }

  /**
   * A run that goes on from a version. What the store has of later versions stays until the first checkpoint is saved:
   * a kill before it changes nothing.
   */
  async goOn(stored: StoredRun, version: number): Promise<RunRecord> {
    const { run } = stored.row;
    const measured = await this.#store.measurements.list(run);
    const later = (await this.#checkpoints.list(run)).filter((row) => row.version > version);
    const undone = [
      ...later.map((row) => this.#store.checkpoints.removing(run, row.version)),
      ...measured
        .filter(({ entry }) => entry.version > version)
        .map(({ place }) => this.#store.measurements.removing(run, place)),
    ];
    const before = measured.map(({ entry }) => entry).filter((entry) => entry.version <= version);
    const best = Math.max(0, ...before.map(({ testAccuracy }) => testAccuracy));
    return new RunRecord(this.#store, this.#checkpoints, stored, best, undone, before);
  }

  async #newestRow(): Promise<KeptRun | undefined> {
    return (await this.#store.runs.list()).sort((one, other) => other.number - one.number)[0];
  }
}

/** What outlasts the process of one run. Nothing of it changes another run. */
export class RunRecord {
  /** Those of before this start, oldest first. */
  readonly measurementsBefore: readonly Measurement[];
  readonly #store: Store;
  readonly #checkpoints: Checkpoints;
  readonly #job: KeptJob;
  /** As it is in the store, once it is there. */
  #row: KeptRun;
  /** The last change of the row asked for: they are made one at a time, in order. */
  #last: Promise<unknown> = Promise.resolve();
  #best: number;
  #newest: Measurement | null;
  /** What the store has of commits that are lost. */
  #undone: readonly Change[];

  constructor(
    store: Store,
    checkpoints: Checkpoints,
    { row, job }: StoredRun,
    best: number,
    undone: readonly Change[],
    before: readonly Measurement[] = [],
  ) {
    this.#store = store;
    this.#checkpoints = checkpoints;
    this.#row = row;
    this.#job = job;
    this.#best = best;
    this.#undone = undone;
    this.measurementsBefore = before;
    this.#newest = before.at(-1) ?? null;
  }

  /** The durable id. */
  get run(): string {
    return this.#row.run;
  }

  /** Keeps that a coordinator of the run begins, under an incarnation, with these settings. */
  started(incarnation: string, settings: AdminSnapshot['settings'], today: Date): Promise<void> {
    const began = { incarnation, settings, startedAt: today.toISOString() };
    return this.#change(began, this.#store.jobs.putting(this.#job));
  }

  /** Keeps settings that were changed while the run goes on. */
  keepSettings(settings: AdminSnapshot['settings']): Promise<void> {
    return this.#change({ settings });
  }

  /** Keeps how the run stands, as the next start has to find it. */
  keepState(state: RunState, stop: StopReason | null): Promise<void> {
    return this.#change({ state, stop });
  }

  /** Appends a measurement, and marks the checkpoint of its version where there is one. */
  async addMeasurement(measurement: Measurement): Promise<void> {
    this.#newest = measurement;
    const quality = this.#qualityOf(measurement.version);
    this.#best = Math.max(this.#best, measurement.testAccuracy);
    await this.#store.measurements.append(this.run, measurement);
    await this.#checkpoints.measured(this.run, measurement.version, quality);
  }

  /** As {@link Checkpoints.save}. */
  async save(checkpoint: Checkpoint): Promise<void> {
    const undone = this.#undone;
    // Before the write: what another save keeps meanwhile must not be removed by the same changes.
    this.#undone = [];
    try {
      await this.#checkpoints.save(this.run, checkpoint, this.#qualityOf(checkpoint.version), undone);
    } catch (error) {
      this.#undone = undone;
      throw error;
    }
  }

  /** The checkpoints that are kept, newest first. */
  checkpoints(): Promise<KeptCheckpoint[]> {
    return this.#checkpoints.list(this.run);
  }

  /** As {@link Checkpoints.load}. */
  load(row: KeptCheckpoint): Promise<Checkpoint> {
    return this.#checkpoints.load(row);
  }

  /** Changes the row, and nothing where that fails: no later change may bring what was refused [RN24]. */
  #change(changes: Partial<KeptRun>, ...also: readonly Change[]): Promise<void> {
    const done = this.#last.then(async () => {
      const row = { ...this.#row, ...changes };
      if (isDeepStrictEqual(row, this.#row)) return;
      await this.#store.write(...also, this.#store.runs.putting(row));
      this.#row = row;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  #qualityOf(version: number): Quality {
    if (this.#newest?.version !== version) return { measured: null, good: false };
    const { testAccuracy, testLoss } = this.#newest;
    const good = isGood({ testAccuracy, testLoss }, this.#best);
    return { measured: { testAccuracy, testLoss }, good };
  }
}

/** Random, so that no two servers have runs of one id. */
function newId(): string {
  return randomBytes(6).toString('hex');
}
