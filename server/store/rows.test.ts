import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { FileProcess } from './fileProcess.ts';
import { LmdbRows } from './lmdbRows.ts';
import { MemoryRows } from './memoryRows.ts';
import { rowsContract } from './testing/rowsContract.ts';

rowsContract('in memory', () => {
  const kept = new Map<string, string>();
  return Promise.resolve(() => new MemoryRows(kept));
});

const folders: string[] = [];
const files = new FileProcess(new VirtualClock());
afterAll(() => files.end());
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tabswarm-rows-'));
  folders.push(folder);
  return join(folder, 'store.mdb');
}

rowsContract('LMDB', async () => {
  const path = await place();
  return () => new LmdbRows(files, path);
});

describe('rows in LMDB', () => {
  test('[ST1] [ST2] of which a process that was killed had the file are those that were confirmed', async () => {
    const path = await place();
    const rows = new LmdbRows(files, path);
    for (let index = 0; index < 5; index++) {
      await rows.write([{ key: `key/${index}`, value: '' }]);
      process.kill(files.pid ?? 0, 'SIGKILL');
      await expect(rows.get('key')).rejects.toThrow('ended');
      expect(await rows.get(`key/${index}`)).toBe('');
    }
    const kept = await rows.range({ from: 'key/', below: 'key0', limit: 100, order: 'ascending' });
    expect(kept).toHaveLength(5);
  });
});
