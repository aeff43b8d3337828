import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is at the root of the project and goes into the pages. */
const SOURCES = ['client', 'shared', 'vite.config.ts', 'package-lock.json'];
/** Where the pages are served from, below the root. */
const OUT = join('dist', 'client');

export interface PagesOptions {
  /** Root of the project. */
  root: string;
  /** Builds the pages into a folder. */
  build: (root: string, folder: string) => Promise<void>;
  /** Says a line to the person who waits. */
  log: (line: string) => void;
}

const HERE: PagesOptions = {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  build: viteBuild,
  log: (line) => process.stderr.write(`${line}\n`),
};

/**
 * Builds the pages where they are missing or older than their sources, and returns the folder that they are in.
 * The build goes to a folder of its own which then takes the other's place: a server that runs beside this never
 * serves half a build.
 */
export async function ensurePages(options: Partial<PagesOptions> = {}): Promise<string> {
  const { root, build, log } = { ...HERE, ...options };
  const folder = join(root, OUT);
  const builtAt = await builtTime(folder);
  const changedAt = Math.max(...(await Promise.all(SOURCES.map((source) => newestTime(join(root, source))))));
  if (builtAt !== null && builtAt >= changedAt) return folder;

  const start = new Date();
  log(`Building the pages: ${builtAt === null ? 'they are not built yet' : 'their sources have changed'}.`);
  const fresh = `${folder}.${process.pid}.new`;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await build(root, fresh);
    // A source that changes while the build runs is newer than the pages, and builds them again next time.
    await utimes(fresh, start, start);
    await swap(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  log(`Built the pages in ${((Date.now() - start.getTime()) / 1000).toFixed(1)} s.`);
  return folder;
}

async function viteBuild(root: string, folder: string): Promise<void> {
  // Loaded only here: it is the slowest import of a command that mostly has nothing to build.
  const vite = await import('vite');
  await vite.build({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true },
  });
}

async function swap(fresh: string, folder: string): Promise<void> {
  const old = `${folder}.${process.pid}.old`;
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

/** When the pages were built, in milliseconds since the epoch; null where there are none. */
async function builtTime(folder: string): Promise<number | null> {
  const [files, info] = await Promise.all([readdir(folder).catch(() => []), stat(folder).catch(() => null)]);
  return info === null || files.length === 0 ? null : info.mtimeMs;
}

/** The newest change at or below a path; a folder's own time tells of what was removed from it. */
async function newestTime(path: string): Promise<number> {
  const info = await stat(path).catch(() => null);
  if (info === null) return 0;
  if (!info.isDirectory()) return info.mtimeMs;
  const names = await readdir(path);
  const times = await Promise.all(names.map((name) => newestTime(join(path, name))));
  return Math.max(info.mtimeMs, ...times);
}
