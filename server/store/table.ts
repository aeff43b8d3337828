import crc32 from 'crc-32';
import type * as z from 'zod/mini';
import { StoreError, systemErrorMessage } from './errors.ts';
import type { Change, KeySpan, Row, Rows } from './rows.ts';

/** A text of {@link KEY_TEXT}, or a count. */
export type KeyPart = string | number;

/** What a table holds. */
export interface TableOf<Value> {
  name: string;
  schema: z.ZodMiniType<Value>;
  /** The parts of the key of a row: rows are kept in their order. */
  key: (value: Value) => readonly KeyPart[];
}

export interface ListOptions {
  /** Only rows whose key begins with these parts. */
  under?: readonly KeyPart[];
  /** Only rows after this key, in the order of keys. */
  after?: readonly KeyPart[];
  /** Without it, all. */
  limit?: number;
  order?: KeySpan['order'];
}

const KEY_TEXT = /^[\w.:-]{1,200}$/;
/** Of the largest whole number that is exact. */
const DIGITS = 16;
/** Rows of one request: its answer is a message between two processes. */
const PAGE_ROWS = 500;
const CHECKSUM_LENGTH = 8;

/**
 * Rows of one kind, each checked by the table's schema when it is written and when it is read. A row is kept with a
 * checksum of its key and value: the engine would hand out an altered one as it is [ST3].
 */
export class Table<Value> {
  readonly #rows: Rows;
  readonly #of: TableOf<Value>;

  constructor(rows: Rows, of: TableOf<Value>) {
    this.#rows = rows;
    this.#of = of;
  }

  /** @throws {StoreError} where the row is damaged. */
  async get(...key: readonly KeyPart[]): Promise<Value | null> {
    const whole = keyOf(this.#of.name, key);
    const value = await this.#rows.get(whole);
    return value === null ? null : this.#decode({ key: whole, value });
  }

  /** Writes a row in place of what its key has; durable once the promise is fulfilled. */
  async put(value: Value): Promise<void> {
    await this.#rows.write([this.putting(value)]);
  }

  /** The change that writes a row, to be written together with others. @throws {StoreError} where it has a wrong field. */
  putting(value: Value): Change {
    const parsed = this.#of.schema.safeParse(value);
    const key = keyOf(this.#of.name, this.#of.key(value));
    if (!parsed.success) throw new StoreError(`the row ${key} cannot be kept: ${faultOf(parsed.error)}`);
    const json = JSON.stringify(parsed.data);
    return { key, value: checksum(key, json) + json };
  }

  /** The change that removes a row. */
  removing(...key: readonly KeyPart[]): Change {
    return { key: keyOf(this.#of.name, key), value: null };
  }

  /** Rows in the order of their keys. @throws {StoreError} where one is damaged. */
  async list(options: ListOptions = {}): Promise<Value[]> {
    return (await this.#range(options)).map((row) => this.#decode(row));
  }

  /** The last parts of the keys of rows, in their order, whether or not the rows are damaged. */
  async lastParts(options: ListOptions = {}): Promise<string[]> {
    return (await this.#range(options)).map(({ key }) => key.slice(key.lastIndexOf('/') + 1));
  }

  async #range({ under = [], after, limit = Infinity, order = 'ascending' }: ListOptions): Promise<Row[]> {
    const prefix = `${[this.#of.name, ...under.map(partOf)].join('/')}/`;
    let from = after === undefined ? prefix : justAfter(keyOf(this.#of.name, after));
    let below = justAfterAll(prefix);
    const found: Row[] = [];
    while (found.length < limit) {
      const page = Math.min(PAGE_ROWS, limit - found.length);
      const rows = await this.#rows.range({ from, below, limit: page, order });
      found.push(...rows);
      const last = rows.at(-1);
      if (last === undefined || rows.length < page) break;
      if (order === 'ascending') from = justAfter(last.key);
      else below = last.key;
    }
    return found;
  }

  #decode({ key, value }: Row): Value {
    const json = value.slice(CHECKSUM_LENGTH);
    if (value.slice(0, CHECKSUM_LENGTH) !== checksum(key, json)) throw damaged(key, 'it is altered');
    let content: unknown;
    try {
      content = JSON.parse(json);
    } catch (error) {
      throw damaged(key, systemErrorMessage(error));
    }
    const parsed = this.#of.schema.safeParse(content);
    if (!parsed.success) throw damaged(key, faultOf(parsed.error));
    return parsed.data;
  }
}

const REMEDY = 'Put a copy of the data folder back, or choose another with --data-dir to begin anew.';

function damaged(key: string, fault: string): StoreError {
  return new StoreError(`the row ${key} of the store is damaged: ${fault}. ${REMEDY}`);
}

function faultOf({ issues: [issue] }: z.core.$ZodError): string {
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
}

function keyOf(table: string, parts: readonly KeyPart[]): string {
  return [table, ...parts.map(partOf)].join('/');
}

function partOf(part: KeyPart): string {
  if (typeof part === 'string' && KEY_TEXT.test(part)) return part;
  if (typeof part === 'number' && Number.isSafeInteger(part) && part >= 0)
    return String(part).padStart(DIGITS, '0');
  throw new StoreError(`${JSON.stringify(part)} cannot be part of the key of a row`);
}

/** The first key that may follow. */
function justAfter(key: string): string {
  return `${key}\u0000`;
}

/** The first key after all that begin with a prefix which ends with a slash. */
function justAfterAll(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

function checksum(key: string, json: string): string {
  return (crc32.str(`${key} ${json}`) >>> 0).toString(16).padStart(CHECKSUM_LENGTH, '0');
}
