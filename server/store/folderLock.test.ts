import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGenerator } from '../../shared/random/generator.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { FileProcess } from './fileProcess.ts';
import { FolderLock, LOCK_NAME } from './folderLock.ts';
import { thisProcess, type ProcessIdentity } from './processIdentity.ts';
import { Disk } from './testing/disk.ts';

/** This process as it would be with another start: one that has ended. */
const killed: ProcessIdentity = { ...thisProcess(), pid: 4711, boot: 'an earlier start of the machine' };

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

  test('[CK11] the lock of a server that was killed is taken over, and whose it was is told', async () => {
    const before = await take(killed);
    await before.announce('http://localhost:8080');
    // It was killed while it wrote.
    const [name = ''] = await readdir(join(folder, LOCK_NAME));
    await writeFile(join(folder, LOCK_NAME, `.${name}.0a1b2c.tmp`), '');
    const lock = await take();
    expect(lock.recovered).toMatchObject({ pid: 4711, address: 'http://localhost:8080' });
    await expect(take()).rejects.toThrow(`process ${process.pid}`);
    expect(await readdir(join(folder, LOCK_NAME))).toHaveLength(1);
  });

  test('[CK11] a server that cannot be seen keeps its lock, and what to do is told', async () => {
    await take({ ...thisProcess(), pid: 4711, host: 'elsewhere.example' });
    await expect(take()).rejects.toThrow(
      `in use by a server that cannot be seen from here: process 4711, which did not listen yet, on elsewhere.example. If it has ended, remove ${join(folder, LOCK_NAME)}.`,
    );
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

  test('[CK11] of many that find the lock of a killed server in the same moment, one takes it', async () => {
    await take(killed);
    const others = Array.from({ length: 6 }, () => new FileProcess(new VirtualClock()));
    const taken = await Promise.allSettled(others.map((each) => FolderLock.take({ files: each, folder })));
    for (const each of others) each.end();
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual([LOCK_NAME]);
  });
});

/** Lets servers come, be killed and release in an order drawn from a seed; each operation of theirs takes its time. */
async function crowd(seed: number): Promise<{ taken: number; most: number; failures: unknown[] }> {
  const random = createGenerator(seed);
  const disk = new Disk();
  await disk.makeFolder('/data');
  disk.fault = async () => {
    for (let turn = random.below(8); turn > 0; turn--) await Promise.resolve();
  };
  const running = new Set<number>();
  const fate = ({ pid }: ProcessIdentity) => (running.has(pid) ? ('runs' as const) : ('ended' as const));
  const holding = new Set<number>();
  const result = { taken: 0, most: 0, failures: [] as unknown[] };
  const live = async (pid: number) => {
    running.add(pid);
    try {
      const taker = { ...thisProcess(), pid };
      const lock = await FolderLock.take({ files: disk, folder: '/data', taker, fate });
      holding.add(pid);
      result.taken++;
      result.most = Math.max(result.most, holding.size);
      for (let turn = random.below(40); turn > 0; turn--) await Promise.resolve();
      holding.delete(pid);
      if (random.below(2) === 0) await lock.release();
    } catch (error) {
      result.failures.push(error);
    }
    running.delete(pid);
  };
  const comers = Array.from({ length: 4 }, async (_, comer) => {
    for (let life = 0; life < 4; life++) await live(1 + 10 * comer + life);
  });
  await Promise.all(comers);
  return result;
}

test('[CK11] a lock never has two holders, whoever comes, is killed or releases it in whatever order', async () => {
  let taken = 0;
  for (let seed = 0; seed < 300; seed++) {
    const result = await crowd(seed);
    expect(result.most, `seed ${seed}`).toBe(1);
    for (const failure of result.failures) expect(String(failure)).toContain('in use by another server');
    taken += result.taken;
  }
  expect(taken).toBeGreaterThan(600);
});
