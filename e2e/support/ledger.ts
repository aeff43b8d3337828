import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtualClock } from '../../server/core/testing/virtualClock.ts';
import { ROWS_FILE } from '../../server/store/dataFolder.ts';
import { FileProcess } from '../../server/store/fileProcess.ts';
import { LmdbRows } from '../../server/store/lmdbRows.ts';
import type { Change } from '../../server/store/rows.ts';

/** When a server is killed, in regard to an operation of its store. */
export const KILL_MOMENTS = ['before', 'during', 'after'] as const;
export type KillMoment = (typeof KILL_MOMENTS)[number];

/** A line of a ledger: what was asked and of which process, or that the transaction before was confirmed. */
export type LedgerLine = { process: number | null; changes?: readonly Change[] } | { confirmed: true };

/** Rows by key, each as the store has it. */
export type RowMap = ReadonlyMap<string, string>;

/** What a server that was killed had asked of its store. */
export interface Ledger {
  /** Its transactions, in order. */
  writes: (readonly Change[])[];
  /** The first so many were confirmed. */
  confirmed: number;
  /** Processes that did them, which may outlive their server for a moment. */
  processes: number[];
}

/** The ledger of one life of a server; an empty one where it asked for nothing. */
export async function readLedger(path: string): Promise<Ledger> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const ledger: Ledger = { writes: [], confirmed: 0, processes: [] };
  for (const line of lines.map((each) => JSON.parse(each) as LedgerLine)) {
    if ('confirmed' in line) ledger.confirmed++;
    else {
      if (line.changes !== undefined) ledger.writes.push(line.changes);
      if (line.process !== null) ledger.processes.push(line.process);
    }
  }
  return ledger;
}

/**
 * Keys whose rows are not as they have to be after a kill: all that was confirmed is there, and of what was not confirmed
 * whole transactions alone, in order.
 */
export function wrongRows(before: RowMap, ledger: Ledger, found: RowMap): string[] {
  const wrong = possibleRows(before, ledger).map((expected) =>
    [...new Set([...expected.keys(), ...found.keys()])].filter((key) => expected.get(key) !== found.get(key)),
  );
  return wrong.find((keys) => keys.length === 0) ?? wrong[0] ?? [];
}

function possibleRows(before: RowMap, { writes, confirmed }: Ledger): RowMap[] {
  const states: RowMap[] = [before];
  for (const changes of writes) {
    const next = new Map(states.at(-1));
    for (const { key, value } of changes) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    states.push(next);
  }
  return states.slice(confirmed);
}

/** All rows of a data folder that no server has. */
export async function readRows(folder: string): Promise<RowMap> {
  const files = new FileProcess(new VirtualClock());
  const rows = new LmdbRows(files, join(folder, ROWS_FILE));
  const found = await rows.range({ from: '', below: '~', limit: 1e9, order: 'ascending' });
  await rows.close();
  files.end();
  return new Map(found.map(({ key, value }) => [key, value]));
}

/** Where a server goes on: a run, and its newest version that is kept. */
export interface Start {
  run: string;
  version: number | null;
}

/** Where the next server goes on. @throws {Error} where a checkpoint has not its blob, whole. */
export async function newestStart(folder: string, rows: RowMap): Promise<Start | null> {
  const runs = contentsOf(rows, 'run') as { run: string; number: number }[];
  const [newest] = runs.sort((one, other) => other.number - one.number);
  if (newest === undefined) return null;
  let version: number | null = null;
  for (const row of checkpointsIn(rows)) {
    const hash = createHash('sha256').update(await readFile(blobPath(folder, row)));
    if (hash.digest('hex') !== row.blob) throw new Error(`the blob of version ${row.version} is altered`);
    if (row.run === newest.run) version = Math.max(version ?? 0, row.version);
  }
  return { run: newest.run, version };
}

/** A row of a checkpoint. */
export interface CheckpointRow {
  run: string;
  version: number;
  blob: string;
}

/** The checkpoints of all runs; of each run, the oldest first. */
export function checkpointsIn(rows: RowMap): CheckpointRow[] {
  return contentsOf(rows, 'checkpoint') as CheckpointRow[];
}

export function blobPath(folder: string, { blob }: CheckpointRow): string {
  return join(folder, 'blobs', blob);
}

/** What the rows of a table hold, after their checksums. */
function contentsOf(rows: RowMap, table: string): unknown[] {
  return [...rows]
    .filter(([key]) => key.startsWith(`${table}/`))
    .map(([, value]) => JSON.parse(value.slice(value.indexOf('{'))) as unknown);
}
