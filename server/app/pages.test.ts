import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { failureOf } from '../terminal/failure.ts';
import { ensurePages } from './pages.ts';

let root: string;
let builds: number;
const lines: string[] = [];
const LATER = new Date('2101-01-01');

/** A build that writes its number. */
async function build(_root: string, folder: string): Promise<void> {
  builds++;
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
});

/** Changes what is in a source. */
const change = (path = 'shared/model.ts') => appendFile(join(root, path), 'more');

it('builds what is missing, once, and says so', async () => {
  expect(await ensure()).toBe(join(root, 'dist/client'));
  await ensure();
  expect(builds).toBe(1);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^Built the pages in \d+\.\d s\.$/);
});

it.each(['client/volunteer/main.ts', 'shared/model.ts', 'vite.config.ts', 'package-lock.json'])(
  'builds again when %s has changed',
  async (path) => {
    await ensure();
    await change(path);
    await ensure();
    expect(await served()).toBe('2');
    await ensure();
    expect(builds).toBe(2);
  },
);

it('builds again when a source is added, renamed, moved or removed', async () => {
  const source = (name: string) => join(root, 'shared', name);
  const changes = [
    () => writeFile(source('added.ts'), ''),
    () => rename(source('added.ts'), source('renamed.ts')),
    () => rename(source('renamed.ts'), join(root, 'client/renamed.ts')),
    () => rm(join(root, 'client/renamed.ts')),
  ];
  await ensure();
  for (const [index, make] of changes.entries()) {
    await make();
    await ensure();
    expect(builds).toBe(index + 2);
  }
});

it('builds once where a source is from the future, and not again where only times differ', async () => {
  const touch = () => utimes(join(root, 'shared/model.ts'), LATER, LATER);
  await touch();
  await ensure();
  await ensure();
  await utimes(join(root, 'client/volunteer'), LATER, LATER);
  await ensure();
  expect(builds).toBe(1);
});

it('builds again next time when a source changes during the build', async () => {
  const during = async (at: string, folder: string) => {
    await build(at, folder);
    await change();
  };
  await ensure({ build: during });
  await ensure();
  expect(builds).toBe(2);
});

it('builds anew where it is not known what the pages were built from', async () => {
  await mkdir(join(root, 'dist/client'), { recursive: true });
  await writeFile(join(root, 'dist/client/index.html'), 'older');
  await ensure();
  expect(await served()).toBe('1');
});

it('leaves nothing beside the pages', async () => {
  await ensure();
  await change();
  await ensure();
  expect(await readdir(join(root, 'dist'))).toEqual(['client']);
});

it('keeps the pages that were there while it builds, and where the build fails', async () => {
  await ensure();
  await change();
  const failing = async (at: string, folder: string) => {
    await build(at, folder);
    expect(await served()).toBe('1');
    throw new Error('syntax error');
  };
  await expect(ensure({ build: failing })).rejects.toThrow('syntax error');
  expect(await served()).toBe('1');
  expect(await readdir(join(root, 'dist'))).toEqual(['client']);
});

it('clears away what a build left that was killed', async () => {
  await ensure();
  await change();
  for (const kind of ['new', 'old']) {
    await mkdir(join(root, `dist/client.${process.pid}.${kind}/assets`), { recursive: true });
  }
  await ensure();
  expect(await readdir(join(root, 'dist'))).toEqual(['client']);
});

/** What a command ends with where its pages cannot be built. */
const failure = (over: Partial<Parameters<typeof ensurePages>[0]> = {}) =>
  ensure(over).then(() => null, failureOf);

it('says in a sentence that it cannot write beside the sources, before it builds', async () => {
  await writeFile(join(root, 'dist'), '');
  expect(await failure()).toEqual({
    text:
      `tabswarm: The pages have to be built, and ${join(root, 'dist')} cannot be written (ENOTDIR). ` +
      'Run "npm run build" as a user who may write there, or copy the project to where you may.',
    to: 'messages',
    exitCode: 2,
  });
  expect(builds).toBe(0);
});

it('says in a sentence that it cannot build where the path has a #', async () => {
  const odd = join(root, 'tab#swarm');
  await mkdir(odd);
  for (const name of ['client', 'shared', 'vite.config.ts', 'package-lock.json']) {
    await rename(join(root, name), join(odd, name));
  }
  const said = await failure({ root: odd });
  expect(said).toMatchObject({ exitCode: 2, text: expect.stringContaining(odd) as string });
  expect(said?.text).not.toContain('\n');
  expect(builds).toBe(0);
});
