import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { writeAtomically } from './atomic.ts';
import { FileProcess } from './fileProcess.ts';

describe('atomic writes', () => {
  const files = new FileProcess(new VirtualClock());
  afterAll(() => files.end());
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tabswarm-atomic-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('[CK5] a file is written, then replaced, and nothing else is left', async () => {
    const path = join(folder, 'file');
    for (const content of ['one', 'another']) {
      await writeAtomically(files, path, Buffer.from(content));
      expect(await readFile(path, 'utf8')).toBe(content);
    }
    expect(await readdir(folder)).toEqual(['file']);
  });

  test('[CK5] a write that fails leaves the folder as it was', async () => {
    const path = join(folder, 'file');
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'kept');
    await expect(writeAtomically(files, path, Buffer.from('new'))).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['file']);
    expect(await readFile(join(path, 'inside'), 'utf8')).toBe('kept');
  });

  test('[CK5] writes of one file at once end with one of them, whole', async () => {
    const path = join(folder, 'file');
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000));
    await Promise.all(contents.map((content) => writeAtomically(files, path, Buffer.from(content))));
    expect(contents).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['file']);
  });
});
