import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { DataFolder, ROWS_FILE } from './dataFolder.ts';
import { StoreError } from './errors.ts';
import { FileProcess } from './fileProcess.ts';
import { LmdbRows } from './lmdbRows.ts';

const PAGE_BYTES = 4096;

describe('a store that is damaged', () => {
  let folder: string;
  let path: string;
  let open: DataFolder[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tabswarm-damage-'));
    path = join(folder, ROWS_FILE);
    open = [];
  });
  afterEach(async () => {
    for (const each of open) await each.close();
    await rm(folder, { recursive: true });
  });
  const openFolder = async () => {
    const opened = await DataFolder.open(folder, new VirtualClock(), () => undefined);
    open.push(opened);
    return opened;
  };
  const event = { type: 'joined', time: '2026-01-02T03:04:05.678Z', actor: 'x'.repeat(200) };
  const fill = async () => {
    const { store, close } = { store: (await openFolder()).store, close: () => open.pop()?.close() };
    await store.events.append('run', ...Array.from({ length: 100 }, () => event));
    await close();
    return readFile(path);
  };

  test.each([
    ['cut to its half', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['cut to less than a page', (bytes: Buffer) => bytes.subarray(0, 100)],
    ['other bytes', (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
  ])('[ST20] is refused where its file is %s, again and again, and left as it is', async (_, damage) => {
    const damaged = damage(await fill());
    await writeFile(path, damaged);
    for (let start = 1; start <= 2; start++) {
      await expect(openFolder()).rejects.toThrow(`${path} is damaged: `);
      expect(await readFile(path)).toEqual(damaged);
    }
  });

  test('[ST20] is refused, or has all of its rows, whichever page is lost', async () => {
    const whole = await fill();
    let refused = 0;
    for (let offset = 0; offset < whole.length; offset += PAGE_BYTES) {
      const damaged = Buffer.from(whole);
      damaged.fill(0xff, offset, offset + PAGE_BYTES);
      await writeFile(path, damaged);
      const opened = await openFolder().catch((error: unknown) => error);
      if (opened instanceof DataFolder) {
        expect(await opened.store.events.list('run')).toHaveLength(100);
        await open.pop()?.close();
      } else {
        refused++;
        expect(opened).toBeInstanceOf(StoreError);
      }
    }
    expect(refused).toBeGreaterThan(5);
  });

  test.each([
    ['gone', () => rm(path)],
    ['empty', () => writeFile(path, '')],
  ])('[ST20] is refused where its rows are %s and its blobs are there', async (_, lose) => {
    await fill();
    await lose();
    await mkdir(join(folder, 'blobs'));
    await writeFile(join(folder, 'blobs', 'ab'.repeat(32)), 'a checkpoint');
    await expect(openFolder()).rejects.toThrow(
      `${path} has no rows, but there are checkpoints in ${join(folder, 'blobs')}.`,
    );
    await rm(join(folder, 'blobs'), { recursive: true });
    expect(await (await openFolder()).store.events.list('run')).toEqual([]);
  });

  test('[ST20] is used again once a copy of its file was put back', async () => {
    const whole = await fill();
    await writeFile(path, whole.subarray(0, whole.length / 2));
    await expect(openFolder()).rejects.toThrow(StoreError);
    await writeFile(path, whole);
    expect(await (await openFolder()).store.events.list('run')).toHaveLength(100);
  });

  test.skipIf(process.platform !== 'linux')(
    '[ST2] a write that finds the disk full makes none of its changes, and later ones go on once there is room',
    async () => {
      const files = new FileProcess(new VirtualClock());
      const rows = new LmdbRows(files, path);
      await rows.write([{ key: 'a', value: '1' }]);
      const limit = (bytes: number | string) =>
        execFileSync('prlimit', ['--pid', String(files.pid), `--fsize=${bytes}:unlimited`]);
      // The system then refuses to make a file of this process any longer, as a full disk would.
      limit((await stat(path)).size);
      const large = [
        { key: 'a', value: '2' },
        { key: 'b', value: 'x'.repeat(100_000) },
      ];
      await expect(rows.write(large)).rejects.toThrow();
      expect(await rows.get('a')).toBe('1');
      expect(await rows.get('b')).toBeNull();
      limit('unlimited');
      await rows.write(large);
      expect(await rows.get('a')).toBe('2');
      await rows.close();
      files.end();
    },
  );
});
