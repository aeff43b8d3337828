import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { writeAtomically } from './atomic.ts';
import { DataFolder } from './dataFolder.ts';
import { StoreError } from './errors.ts';
import { RUN, sampleCheckpoint, UNMEASURED } from './fixtures/samples.ts';
import { Disk } from './testing/disk.ts';
import { BLOB_FOLDER, keptOn } from './testing/keptOn.ts';

const OTHER_RUN = 'ba9876543210';
const GOOD = { measured: { testAccuracy: 0.9, testLoss: 0.3 }, good: true };

async function world(keep?: number) {
  const disk = new Disk();
  const kept = await keptOn(disk, keep === undefined ? {} : { keep });
  const { checkpoints } = kept;
  const save = async (...versions: number[]) => {
    for (const version of versions) await checkpoints.save(RUN, sampleCheckpoint(version), UNMEASURED);
  };
  const versions = async (run = RUN) => (await checkpoints.list(run)).map(({ version }) => version);
  const blobNames = async () => (await disk.list(BLOB_FOLDER)).map(({ name }) => name);
  const newest = async () => {
    const [row] = await checkpoints.list(RUN);
    return row === undefined ? null : checkpoints.load(row);
  };
  return { ...kept, disk, save, versions, blobNames, newest };
}

describe('checkpoints', () => {
  test('[CK5] what was saved last is the newest', async () => {
    const { save, newest, disk, rows } = await world();
    expect(await newest()).toBeNull();
    await save(9, 10);
    const { checkpoints } = await keptOn(disk, { rows });
    const [row] = await checkpoints.list(RUN);
    expect(row).toMatchObject({ version: 10, samples: 1280, measured: null, good: false });
    expect(row && (await checkpoints.load(row))).toEqual(sampleCheckpoint(10));
  });

  test('[CK15] a save keeps the newest ones, and removes the blobs of the others', async () => {
    const { save, versions, blobNames } = await world();
    await save(1, 2, 3, 4, 5, 6, 7);
    expect(await versions()).toEqual([7, 6, 5, 4, 3]);
    expect(await blobNames()).toHaveLength(5);
  });

  test('[CK26] the last two that were measured and good are kept beside the newest', async () => {
    const { checkpoints, save, versions, blobNames } = await world(2);
    for (const version of [1, 2, 3]) await checkpoints.save(RUN, sampleCheckpoint(version), GOOD);
    const bad = { ...GOOD, good: false };
    await checkpoints.save(RUN, sampleCheckpoint(4), bad);
    await save(5, 6, 7);
    expect(await versions()).toEqual([7, 6, 3, 2]);
    expect(await blobNames()).toHaveLength(4);
  });

  test('[CK26] a checkpoint may be measured after it was saved', async () => {
    const { checkpoints, save, versions } = await world(1);
    await save(1);
    await checkpoints.measured(RUN, 1, GOOD);
    await checkpoints.measured(RUN, 99, GOOD);
    await save(2, 3);
    expect(await versions()).toEqual([3, 1]);
    expect((await checkpoints.list(RUN))[1]).toMatchObject(GOOD);
  });

  test('[CK7] those of another run are left alone, with their blobs', async () => {
    const { checkpoints, save, versions, blobNames } = await world(1);
    await checkpoints.save(OTHER_RUN, sampleCheckpoint(50), UNMEASURED);
    await save(1, 2);
    expect([await versions(), await versions(OTHER_RUN)]).toEqual([[2], [50]]);
    expect(await blobNames()).toHaveLength(2);
  });

  test('[CK5] the same version again takes the place of the first', async () => {
    const { checkpoints, save, newest, blobNames } = await world();
    await save(3);
    await checkpoints.save(RUN, { ...sampleCheckpoint(3), samples: 1 }, UNMEASURED);
    expect((await newest())?.samples).toBe(1);
    expect(await blobNames()).toHaveLength(1);
  });

  test('[CK14] saves asked for at once are done in order, each with the values of its moment', async () => {
    const { checkpoints, newest } = await world(1);
    const moving = sampleCheckpoint(1);
    const saves = [1, 2, 3].map((version) => {
      moving.parameters.fill(version);
      return checkpoints.save(RUN, { ...moving, version }, UNMEASURED);
    });
    moving.parameters.fill(NaN);
    await Promise.all(saves);
    const found = await newest();
    expect([found?.version, found?.parameters[0]]).toEqual([3, 3]);
  });

  test('[CK5] at least one checkpoint is kept', async () => {
    await expect(keptOn(new Disk(), { keep: 0 })).rejects.toThrow(RangeError);
  });

  test('[CK5] a kill in the middle of saving loses nothing that was saved', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tabswarm-store-'));
    const script = fileURLToPath(new URL('./fixtures/saveForever.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, folder]);
    const exited = once(child, 'exit');
    let last = 0;
    for await (const line of createInterface(child.stdout)) {
      last = Number(line);
      if (last === 20) child.kill('SIGKILL');
    }
    await exited;
    const opened = await DataFolder.open(folder, new VirtualClock(), () => undefined);
    const [row] = await opened.checkpoints.list(RUN);
    const newest = row === undefined ? null : await opened.checkpoints.load(row);
    expect(last).toBeGreaterThanOrEqual(20);
    expect([last, last + 1]).toContain(newest?.version);
    expect(newest).toEqual(sampleCheckpoint(newest?.version));
    await opened.close();
    await rm(folder, { recursive: true });
  });
});

describe('a checkpoint that cannot be used', () => {
  const damaged = async (damage: (disk: Disk, path: string) => Promise<void>, ...versions: number[]) => {
    const { checkpoints, save, disk, blobs } = await world();
    await save(...versions);
    const [row] = await checkpoints.list(RUN);
    if (row === undefined) throw new Error('nothing was saved');
    const path = blobs.pathOf(row.blob);
    await damage(disk, path);
    const error: unknown = await checkpoints.load(row).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    return { message: (error as StoreError).message, path, checkpoints };
  };

  test.each<[string, (disk: Disk, path: string) => Promise<void>, string]>([
    ['missing', (disk, path) => disk.remove(path), 'is missing.'],
    [
      'half written',
      async (disk, path) => writeAtomically(disk, path, (await disk.read(path)).subarray(0, 5000)),
      'is altered: its SHA-256 is not its name.',
    ],
  ])(
    '[CK6] [ST7] since its blob is %s is named, with what to do, and nothing older is loaded',
    async (_, damage, fault) => {
      const one = await damaged(damage, 1, 2);
      expect(one.message).toBe(
        `the checkpoint of version 2 cannot be used: ${one.path} ${fault} --checkpoint 1 goes on from the one before it, --new begins another run.`,
      );
      const [, older] = await one.checkpoints.list(RUN);
      expect(older && (await one.checkpoints.load(older))).toEqual(sampleCheckpoint(1));
      const alone = await damaged(damage, 2);
      expect(alone.message).toBe(
        `the checkpoint of version 2 cannot be used: ${alone.path} ${fault} --new begins another run.`,
      );
    },
  );

  test.each(['ETIMEDOUT', 'EACCES', 'EIO'])('[CK16] (%s) may well be whole, which is said', async (code) => {
    const { message } = await damaged((disk) => {
      disk.fault = (operation) => {
        if (operation === 'read') throw Object.assign(new Error(`${code}: injected`), { code });
      };
      return Promise.resolve();
    }, 2);
    expect(message).toContain('It may well be whole: go on once it can be read.');
  });
});
