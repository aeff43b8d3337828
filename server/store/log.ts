import * as z from 'zod/mini';
import type { Change, Rows } from './rows.ts';
import { Table, type ListOptions } from './table.ts';

/** What a log holds. */
export interface LogOf<Entry extends object> {
  name: string;
  schema: z.ZodMiniType<Entry>;
  /** Of one run. Older entries make room for new ones, so no flood of them fills a disk [ST6]. */
  keepAtMost: number;
}

/** An entry as it was written, with its place in the log: places go up from 1 and are never used again. */
export interface Logged<Entry> {
  place: number;
  entry: Entry;
}

/** Entries that are appended, run by run, and never altered [ST5]. */
export class Log<Entry extends object> {
  readonly #rows: Rows;
  readonly #keepAtMost: number;
  readonly #table: Table<{ run: string } & Logged<Entry>>;
  /** The places of each run that were given out and that were removed, once they were looked up. */
  readonly #places = new Map<string, Promise<{ newest: number; removed: number }>>();

  constructor(rows: Rows, { name, schema, keepAtMost }: LogOf<Entry>) {
    this.#rows = rows;
    this.#keepAtMost = keepAtMost;
    const row = z.strictObject({ run: z.string(), place: z.int(), entry: schema });
    this.#table = new Table(rows, { name, schema: row, key: ({ run, place }) => [run, place] });
  }

  /**
   * Appends entries, all or none, in order; they are durable once the promise is fulfilled.
   * @throws {StoreError} where one has a wrong field, or they cannot be written.
   */
  async append(run: string, ...entries: readonly Entry[]): Promise<void> {
    await this.#rows.write(await this.appending(run, ...entries));
  }

  /** The changes that append entries, to be written together with others. */
  async appending(run: string, ...entries: readonly Entry[]): Promise<Change[]> {
    let places = this.#places.get(run);
    if (places === undefined) {
      places = this.#lookUp(run);
      this.#places.set(run, places);
      places.catch(() => this.#places.delete(run));
    }
    const known = await places;
    const changes = entries.map((entry) => this.#table.putting({ run, place: ++known.newest, entry }));
    while (known.newest - known.removed > this.#keepAtMost) {
      changes.push(this.#table.removing(run, ++known.removed));
    }
    return changes;
  }

  /** The change that removes an entry; its place is not given out again. */
  removing(run: string, place: number): Change {
    return this.#table.removing(run, place);
  }

  /** Entries of a run in order, those after a place where one is given. */
  async list(
    run: string,
    { after = 0, limit, order }: { after?: number } & Pick<ListOptions, 'limit' | 'order'> = {},
  ): Promise<Logged<Entry>[]> {
    const rows = await this.#table.list({
      under: [run],
      after: [run, after],
      ...(limit !== undefined && { limit }),
      ...(order !== undefined && { order }),
    });
    return rows.map(({ place, entry }) => ({ place, entry }));
  }

  async #lookUp(run: string): Promise<{ newest: number; removed: number }> {
    const one = { under: [run], limit: 1 };
    const [oldest = 1] = await this.#table.lastParts(one);
    const [newest = 0] = await this.#table.lastParts({ ...one, order: 'descending' });
    return { newest: Number(newest), removed: Number(oldest) - 1 };
  }
}
