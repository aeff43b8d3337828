import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../core/clock.ts';
import { machineClock } from './machineTime.ts';
import { messages } from '../terminal/output.ts';

/** What is at the root of the project and goes into the pages. */
const SOURCES = ['client', 'shared', 'vite.config.ts', 'package-lock.json'];
/** Where the pages are served from, below the root. */
const OUT = join('dist', 'client');
/** Beside the pages and never served: the hash of the sources that they were built from. */
const STAMP = 'sources.sha256';

export interface PagesOptions {
  /** Root of the project. */
  root: string;
  /** Builds the pages into a folder. */
  build: (root: string, folder: string) => Promise<void>;
  clock: Pick<Clock, 'now'>;
  /** Says a line to the person who waits. */
  log: (line: string) => void;
}

const HERE: PagesOptions = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  build: viteBuild,
  clock: machineClock,
  log: (line) => messages.line(line),
};

/** The pages cannot be built where the project is; the message says what to do. */
export class PagesError extends Error {
  override name = 'PagesError';
}

/**
 * Builds the pages where they are missing or were built from other sources, and returns the folder that they are in.
 * The build goes to a folder of its own which then takes the other's place: a server that runs beside this never
 * serves half a build.
 * @throws {PagesError} where the project is in a folder that cannot be built in.
 */
export async function ensurePages(options: Partial<PagesOptions> = {}): Promise<string> {
  const { root, build, clock, log } = { ...HERE, ...options };
  const folder = join(root, OUT);
  // Of the sources as they are now: one that changes while the build runs builds the pages again next time.
  const [built, sources] = await Promise.all([builtFrom(folder), hashOf(root)]);
  if (built === sources) return folder;

  const start = clock.now();
  if (root.includes('#')) {
    throw new PagesError(
      `The pages cannot be built in ${root}: Vite reads no path with a # in it. Move the project.`,
    );
  }
  const fresh = `${folder}.${process.pid}.new`;
  await makeFolder(fresh);
  log(`Building the pages: ${built === null ? 'they are not built yet' : 'their sources have changed'}.`);
  try {
    await build(root, fresh);
    await writeFile(join(fresh, STAMP), sources);
    await swap(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  log(`Built the pages in ${((clock.now() - start) / 1000).toFixed(1)} s.`);
  return folder;
}

/** @throws {PagesError} where it cannot be made. */
async function makeFolder(folder: string): Promise<void> {
  try {
    // One by one: a recursive mkdir says of a read-only disk that there is no such folder.
    await mkdir(dirname(folder)).catch(unless('EEXIST'));
    // What a build left that was killed: in a container each process may have the same id.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new PagesError(
      `The pages have to be built, and ${dirname(folder)} cannot be written (${code}). ` +
        'Run "npm run build" as a user who may write there, or copy the project to where you may.',
    );
  }
}

async function viteBuild(root: string, folder: string): Promise<void> {
  // Loaded only here: it is the slowest import of a command that mostly has nothing to build.
  const vite = await import('vite');
  await vite.build({
    configFile: join(root, 'vite.config.ts'),
    // Its warnings are for the developer of the pages, who builds them by "npm run build".
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  });
}

async function swap(fresh: string, folder: string): Promise<void> {
  const old = `${folder}.${process.pid}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(folder, old).catch(unless('ENOENT'));
  // Another command may have put its own build there in between, which is as new as this one.
  await rename(fresh, folder).catch(unless('ENOTEMPTY', 'EEXIST', 'EPERM'));
  await rm(old, { recursive: true, force: true });
}

function unless(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? '')) throw error;
  };
}

/** The hash of the sources that the pages were built from; null where there are none, empty where it is not known. */
async function builtFrom(folder: string): Promise<string | null> {
  const files = await readdir(folder).catch(() => []);
  return files.length === 0 ? null : readFile(join(folder, STAMP), 'utf8').catch(() => '');
}

/** SHA-256 over the names and the content of all sources: no clock has a say. */
async function hashOf(root: string): Promise<string> {
  const lists = await Promise.all(SOURCES.map((source) => filesOf(root, source)));
  const files = lists.flat().sort();
  const contents = await Promise.all(files.map((file) => readFile(join(root, file))));
  const hash = createHash('sha256');
  contents.forEach((content, index) =>
    hash.update(`${files[index] ?? ''}\0${content.byteLength}\0`).update(content),
  );
  return hash.digest('hex');
}

/** The files at or below a path, by their paths from the root. */
async function filesOf(root: string, path: string): Promise<string[]> {
  const info = await stat(join(root, path)).catch(() => null);
  if (info === null) return [];
  if (!info.isDirectory()) return [path];
  const names = await readdir(join(root, path));
  return (await Promise.all(names.map((name) => filesOf(root, join(path, name))))).flat();
}
