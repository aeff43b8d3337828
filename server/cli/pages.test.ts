import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { ensurePages } from './pages.ts';

let root: string;
let builds: number;
const lines: string[] = [];
const LONG_AGO = new Date('2001-01-01');
const LATER = new Date('2101-01-01');

/** A build that writes its number. */
async function build(_root: string, folder: string): Promise<void> {
  builds++;
  await mkdir(folder);
  await writeFile(join(folder, 'index.html'), String(builds));
}

const ensure = (over: Partial<Parameters<typeof ensurePages>[0]> = {}) =>
  ensurePages({ root, build, log: (line) => lines.push(line), ...over });
const served = () => readFile(join(root, 'dist/client/index.html'), 'utf8');

beforeEach(async () => {
  builds = 0;
  lines.length = 0;
  root = await mkdtemp(join(tmpdir(), 'tabswarm-pages-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'client/volunteer'), { recursive: true });
  await mkdir(join(root, 'shared'));
  const files = ['client/volunteer/main.ts', 'shared/model.ts', 'vite.config.ts', 'package-lock.json'];
  for (const file of files) await writeFile(join(root, file), '');
  for (const path of [...files, 'client/volunteer', 'client', 'shared']) {
    await utimes(join(root, path), LONG_AGO, LONG_AGO);
  }
});

it('builds what is missing, once, and says so', async () => {
  expect(await ensure()).toBe(join(root, 'dist/client'));
  await ensure();
  expect(builds).toBe(1);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^Built the pages in \d+\.\d s\.$/);
});

it.each([
  'client/volunteer/main.ts',
  'client/volunteer',
  'shared/model.ts',
  'vite.config.ts',
  'package-lock.json',
])('builds again when %s is newer', async (path) => {
  await ensure();
  await utimes(join(root, path), LATER, LATER);
  await ensure();
  expect(await served()).toBe('2');
});

it('leaves nothing beside the pages', async () => {
  await ensure();
  await utimes(join(root, 'client'), LATER, LATER);
  await ensure();
  expect(await readdir(join(root, 'dist'))).toEqual(['client']);
});

it('keeps the pages that were there while it builds, and where the build fails', async () => {
  await ensure();
  await utimes(join(root, 'client'), LATER, LATER);
  const failing = async (at: string, folder: string) => {
    await build(at, folder);
    expect(await served()).toBe('1');
    throw new Error('syntax error');
  };
  await expect(ensure({ build: failing })).rejects.toThrow('syntax error');
  expect(await served()).toBe('1');
  expect(await readdir(join(root, 'dist'))).toEqual(['client']);
});
