import type { Measurement } from '../../shared/protocol/admin.ts';
import { OtherFormatError } from './errors.ts';
import { Log } from './log.ts';
import type { Change, Rows } from './rows.ts';
import { Table } from './table.ts';
import {
  CHECKPOINT_TABLE,
  DEVICE_TABLE,
  EVENT_LOG,
  JOB_TABLE,
  MEASUREMENT_LOG,
  META_TABLE,
  RUN_TABLE,
  TOKEN_TABLE,
  type KeptCheckpoint,
  type KeptDevice,
  type KeptEvent,
  type KeptFact,
  type KeptJob,
  type KeptRun,
  type KeptToken,
} from './tables.ts';

/** Raised when a table or a row gets another shape; a store of a later version is refused [ST4]. */
export const SCHEMA_VERSION = 2;

/** Everything that a server knows beyond its process, in tables. */
export class Store {
  readonly jobs: Table<KeptJob>;
  readonly runs: Table<KeptRun>;
  readonly checkpoints: Table<KeptCheckpoint>;
  readonly measurements: Log<Measurement>;
  readonly meta: Table<KeptFact>;
  readonly devices: Table<KeptDevice>;
  readonly tokens: Table<KeptToken>;
  readonly events: Log<KeptEvent>;
  readonly #rows: Rows;

  private constructor(rows: Rows) {
    this.#rows = rows;
    this.meta = new Table(rows, META_TABLE);
    this.jobs = new Table(rows, JOB_TABLE);
    this.runs = new Table(rows, RUN_TABLE);
    this.checkpoints = new Table(rows, CHECKPOINT_TABLE);
    this.measurements = new Log(rows, MEASUREMENT_LOG);
    this.devices = new Table(rows, DEVICE_TABLE);
    this.tokens = new Table(rows, TOKEN_TABLE);
    this.events = new Log(rows, EVENT_LOG);
  }

  /**
   * Opens the store in these rows, which are empty or those of a store.
   * @param place where they are, for messages.
   * @throws {OtherFormatError} where a later release wrote them.
   * @throws {StoreError} where they are damaged.
   */
  static async open(rows: Rows, place: string): Promise<Store> {
    const store = new Store(rows);
    const schema = await store.meta.get('schema');
    if (schema !== null && schema.version > SCHEMA_VERSION)
      throw new OtherFormatError(
        `${place} has schema ${schema.version}, this release knows schema ${SCHEMA_VERSION}: use the release that wrote it`,
      );
    // Rows of earlier schemas are read as they are; from now on there may be some that their releases cannot read.
    if (schema?.version !== SCHEMA_VERSION) await store.meta.put({ name: 'schema', version: SCHEMA_VERSION });
    return store;
  }

  /** Makes changes of several tables, all or none; durable once the promise is fulfilled. */
  write(...changes: readonly Change[]): Promise<void> {
    return this.#rows.write(changes);
  }

  close(): Promise<void> {
    return this.#rows.close();
  }
}
