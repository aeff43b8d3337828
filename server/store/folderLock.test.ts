import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGenerator } from '../../shared/random/generator.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { FileProcess } from './fileProcess.ts';
import type { Files } from './files.ts';
import { FolderLock, LOCK_NAME } from './folderLock.ts';
import { thisProcess, type ProcessIdentity } from './processIdentity.ts';
import { Disk } from './testing/disk.ts';

/** A process of this machine that has ended. Where another has its id by now, that one began at another time. */
const killed: ProcessIdentity = {
  ...thisProcess(),
  pid: spawnSync(process.execPath, ['--version']).pid,
  started: '1',
};

describe('the lock of a folder', () => {
  let files: FileProcess;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tabswarm-lock-'));
    files = new FileProcess(new VirtualClock());
  });
  afterEach(async () => {
    files.end();
    await rm(folder, { recursive: true });
  });
  const take = (taker?: ProcessIdentity) =>
    FolderLock.take({ files, folder, ...(taker === undefined ? {} : { taker }) });

  test('[CK11] a second server is refused by the process id and address of the first', async () => {
    const lock = await take();
    await expect(take()).rejects.toThrow(
      `the folder ${folder} is in use by another server: process ${process.pid}, which did not listen yet. Stop that one, or choose another folder with --data-dir.`,
    );
    await lock.announce('http://localhost:8080');
    await expect(take()).rejects.toThrow(`process ${process.pid}, http://localhost:8080. Stop`);
    expect(await readdir(folder)).toEqual([LOCK_NAME]);
  });

  test('[CK11] a released lock leaves nothing, and another takes it', async () => {
    await (await take()).release();
    expect(await readdir(folder)).toEqual([]);
    expect((await take()).recovered).toBeNull();
  });

  test('[CK22] the lock of a server that was killed is taken over, and whose it was is told', async () => {
    const before = await take(killed);
    await before.announce('http://localhost:8080');
    // It was killed while it wrote.
    const [name = ''] = await readdir(join(folder, LOCK_NAME));
    await writeFile(join(folder, LOCK_NAME, `.${name}.0a1b2c.tmp`), '');
    const lock = await take();
    expect(lock.recovered).toMatchObject({ pid: killed.pid, address: 'http://localhost:8080' });
    await expect(take()).rejects.toThrow(`process ${process.pid}`);
    expect(await readdir(join(folder, LOCK_NAME))).toHaveLength(1);
  });

  test('[CK23] a server that cannot be seen keeps its lock, and what to do is told', async () => {
    await take({ ...thisProcess(), pid: 4711, host: 'elsewhere.example' });
    await expect(take()).rejects.toThrow(
      `in use by a server that cannot be seen from here: process 4711, which did not listen yet, on elsewhere.example. If it has ended, remove ${join(folder, LOCK_NAME)}.`,
    );
  });

  test('[CK23] a server of another machine with this name keeps its lock, and so does one that does not say', async () => {
    await take({ ...thisProcess(), pid: 4711, boot: 'another start', machine: 'another machine' });
    await expect(take()).rejects.toThrow('cannot be seen from here: process 4711,');
    const [name = ''] = await readdir(join(folder, LOCK_NAME));
    const silent = { ...thisProcess(), boot: 'another start', machine: undefined, address: null };
    await writeFile(join(folder, LOCK_NAME, name), JSON.stringify(silent));
    await expect(take()).rejects.toThrow(`cannot be seen from here: process ${process.pid},`);
  });

  test('[CK11] the host of a lock is shown without what would move a terminal, and cut', async () => {
    await take({ ...thisProcess(), pid: 4711, host: `\u001b[2J\u009b\n${'h'.repeat(240)}` });
    const error: unknown = await take().catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/ on \?\[2J\?\?h+\.\.\.\. If it has ended/);
    expect(String(error)).toMatch(/^[\x20-\x7e]+$/);
    expect(String(error)).not.toContain('h'.repeat(100));
  });

  test.each([
    ['a stranger', 'notes.txt', ''],
    ['no JSON', 'a.json', '{'],
    ['no process', 'a.json', '{"pid":"1"}'],
    ['an address that is none', 'a.json', JSON.stringify({ ...killed, address: 'http://\u001b[2K' })],
  ])('[CK11] a lock that holds %s is left alone', async (_, name, content) => {
    await mkdir(join(folder, LOCK_NAME));
    await writeFile(join(folder, LOCK_NAME, name), content);
    await expect(take()).rejects.toThrow(
      `${join(folder, LOCK_NAME)} does not say which server uses ${folder}. If none does, remove it.`,
    );
    expect(await readdir(folder)).toEqual([LOCK_NAME]);
  });

  test('[CK11] an empty lock is nobody’s', async () => {
    await mkdir(join(folder, LOCK_NAME));
    expect((await take()).recovered).toBeNull();
  });

  test('[CK24] what servers left that were killed while they took it goes with the next one', async () => {
    const left = ['1', '2', '3'].map((id) => join(folder, `.${LOCK_NAME}.${id}.tmp`));
    for (const each of left) await mkdir(each);
    await writeFile(join(left[1] ?? '', '2.json'), '{"pid"');
    await writeFile(join(left[2] ?? '', '3.json'), JSON.stringify({ ...killed, address: null }));
    await writeFile(join(folder, '.notes.tmp'), '');
    await take();
    expect(await readdir(folder)).toEqual(['.notes.tmp', LOCK_NAME]);
  });

  test('[CK11] of many that find the lock of a killed server in the same moment, one takes it', async () => {
    await take(killed);
    const others = Array.from({ length: 6 }, () => new FileProcess(new VirtualClock()));
    const taken = await Promise.allSettled(others.map((each) => FolderLock.take({ files: each, folder })));
    for (const each of others) each.end();
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual([LOCK_NAME]);
  });
});

function signal(): { given: Promise<void>; give: () => void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}

const KILLED = 'the process was killed';

/** A disk as a process sees it that is killed after so many operations: it does nothing from then on. */
function mortal(disk: Disk, operations: number): Files {
  let left = operations;
  return new Proxy<Files>(disk, {
    get: (_, name: keyof Files) => {
      const operation = disk[name].bind(disk) as (...given: unknown[]) => Promise<unknown>;
      return (...given: unknown[]) => (left-- > 0 ? operation(...given) : Promise.reject(new Error(KILLED)));
    },
  });
}

test('[CK11] a server that is killed while it removes what another prepares leaves that one no empty lock', async () => {
  const disk = new Disk();
  await disk.makeFolder('/data');
  const fate = ({ pid }: ProcessIdentity) => (pid === 1 ? ('ended' as const) : ('runs' as const));
  const taking = (pid: number, changes: Partial<Files>) => {
    const files = new Proxy<Files>(disk, {
      get: (_, name: keyof Files) => changes[name] ?? disk[name].bind(disk),
    });
    return FolderLock.take({ files, folder: '/data', taker: { ...thisProcess(), pid }, fate });
  };
  const prepared = signal();
  const freed = signal();
  const first = taking(2, {
    rename: async (from, to) => {
      prepared.give();
      await freed.given;
      await disk.rename(from, to);
    },
  });
  await prepared.given;
  await taking(1, { removeFolder: () => Promise.reject(new Error(KILLED)) });
  let renames = 0;
  const second = taking(3, {
    rename: async (from, to) => {
      if (++renames === 2) {
        freed.give();
        await first;
      }
      await disk.rename(from, to);
    },
  });
  await first;
  await expect(second).rejects.toThrow('in use by another server: process 2,');
});

/** Lets servers come, be killed and release in an order drawn from a seed; each operation of theirs takes its time. */
async function crowd(
  seed: number,
): Promise<{ taken: number; most: number; failures: unknown[]; left: string[] }> {
  const random = createGenerator(seed);
  const disk = new Disk();
  await disk.makeFolder('/data');
  disk.fault = async () => {
    for (let turn = random.below(8); turn > 0; turn--) await Promise.resolve();
  };
  const running = new Set<number>();
  const fate = ({ pid }: ProcessIdentity) => (running.has(pid) ? ('runs' as const) : ('ended' as const));
  const holding = new Set<number>();
  const result = { taken: 0, most: 0, failures: [] as unknown[], left: [] as string[] };
  const live = async (pid: number) => {
    running.add(pid);
    const files = mortal(disk, random.below(3) === 0 ? random.below(16) : Infinity);
    try {
      const taker = { ...thisProcess(), pid };
      const lock = await FolderLock.take({ files, folder: '/data', taker, fate });
      holding.add(pid);
      result.taken++;
      result.most = Math.max(result.most, holding.size);
      for (let turn = random.below(40); turn > 0; turn--) await Promise.resolve();
      holding.delete(pid);
      if (random.below(2) === 0) await lock.release();
    } catch (error) {
      if (!String(error).includes(KILLED)) result.failures.push(error);
    }
    running.delete(pid);
  };
  const comers = Array.from({ length: 4 }, async (_, comer) => {
    for (let life = 0; life < 4; life++) await live(1 + 10 * comer + life);
  });
  await Promise.all(comers);
  disk.fault = () => undefined;
  await FolderLock.take({ files: disk, folder: '/data', fate: () => 'ended' });
  result.left = (await disk.list('/data')).map(({ name }) => name);
  return result;
}

test('[CK11] a lock never has two holders, in any order of processes that take it, are killed or release it', async () => {
  let taken = 0;
  for (let seed = 0; seed < 300; seed++) {
    const result = await crowd(seed);
    expect(result.most, `seed ${seed}`).toBe(1);
    for (const failure of result.failures) expect(String(failure)).toContain('in use by another server');
    expect(result.left, `seed ${seed}`).toEqual([LOCK_NAME]);
    taken += result.taken;
  }
  expect(taken).toBeGreaterThan(600);
});
