import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { CheckpointStore } from './checkpoint.ts';
import { StoreError } from './errors.ts';
import { FileProcess } from './fileProcess.ts';
import { sampleCheckpoint } from './fixtures/samples.ts';

const file = (version: number) => `checkpoint-${String(version).padStart(10, '0')}.safetensors`;

describe('the checkpoint store', () => {
  const files = new FileProcess(new VirtualClock());
  afterAll(() => files.end());
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'tabswarm-store-'));
    folder = join(parent, 'run', 'checkpoints');
  });
  afterEach(() => rm(parent, { recursive: true }));
  const saveAll = async (store: CheckpointStore, ...versions: number[]) => {
    for (const version of versions) await store.save(sampleCheckpoint(version));
  };
  const names = async () => (await readdir(folder)).sort();

  test('[CK5] what was saved last is the newest, and its path is told', async () => {
    const store = new CheckpointStore(files, folder);
    expect(await store.newest()).toBeNull();
    expect(await store.save(sampleCheckpoint(9))).toBe(join(folder, file(9)));
    await store.save(sampleCheckpoint(10));
    expect(await new CheckpointStore(files, folder).newest()).toEqual(sampleCheckpoint(10));
  });

  test('[CK15] a save keeps the newest ones and what is not a checkpoint', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'notes.txt'), '');
    await saveAll(new CheckpointStore(files, folder, 2), 1, 2, 3, 4);
    expect(await names()).toEqual([file(3), file(4), 'notes.txt']);
    await saveAll(new CheckpointStore(files, folder), 5, 6, 7, 8, 9);
    expect(await names()).toEqual([5, 6, 7, 8, 9].map(file).concat('notes.txt'));
  });

  test('[CK5] the same version again takes the place of the first', async () => {
    const store = new CheckpointStore(files, folder);
    await store.save(sampleCheckpoint(3));
    await store.save({ ...sampleCheckpoint(3), samples: 1 });
    expect((await store.newest())?.samples).toBe(1);
    expect(await names()).toEqual([file(3)]);
  });

  test('[CK14] saves asked for at once are done in order, each with the values of its moment', async () => {
    const store = new CheckpointStore(files, folder, 1);
    const moving = sampleCheckpoint(1);
    const saves = [1, 2, 3].map((version) => {
      moving.parameters.fill(version);
      return store.save({ ...moving, version });
    });
    moving.parameters.fill(NaN);
    await Promise.all(saves);
    const newest = await store.newest();
    expect([newest?.version, newest?.parameters[0]]).toEqual([3, 3]);
  });

  test('[CK5] a save that fails leaves the older one the newest, and the next save goes on', async () => {
    const store = new CheckpointStore(files, folder, 1);
    await store.save(sampleCheckpoint(1));
    await mkdir(join(folder, file(2)));
    await expect(store.save(sampleCheckpoint(2))).rejects.toThrow(StoreError);
    await expect(store.save(sampleCheckpoint(2))).rejects.toThrow(
      `${join(folder, file(2))} cannot be written`,
    );
    expect(await store.newest()).toEqual(sampleCheckpoint(1));
    await store.save(sampleCheckpoint(3));
    expect((await store.newest())?.version).toBe(3);
  });

  test('[CK5] a folder that cannot be made is a StoreError, and so is one that cannot be read', async () => {
    await writeFile(join(parent, 'run'), 'a file in the way');
    await expect(new CheckpointStore(files, folder).save(sampleCheckpoint())).rejects.toThrow(StoreError);
    await expect(new CheckpointStore(files, folder).newest()).rejects.toThrow(StoreError);
  });

  test('[CK5] an unfinished file is never taken for a checkpoint, and the next save removes it', async () => {
    const store = new CheckpointStore(files, folder);
    await store.save(sampleCheckpoint(1));
    await writeFile(join(folder, `.${file(2)}.0a1b2c.tmp`), 'half');
    expect((await store.newest())?.version).toBe(1);
    await store.save(sampleCheckpoint(3));
    expect(await names()).toEqual([file(1), file(3)]);
  });

  test('[CK5] a kill in the middle of saving loses nothing that was saved', async () => {
    const script = fileURLToPath(new URL('./fixtures/saveForever.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, folder]);
    const exited = once(child, 'exit');
    let last = 0;
    for await (const line of createInterface(child.stdout)) {
      last = Number(line);
      if (last === 20) child.kill('SIGKILL');
    }
    await exited;
    const newest = await new CheckpointStore(files, folder).newest();
    expect(last).toBeGreaterThanOrEqual(20);
    expect([last, last + 1]).toContain(newest?.version);
    expect(newest).toEqual(sampleCheckpoint(newest?.version));
  });

  test('[CK6] a damaged newest one is named, with what to do, and nothing older is loaded instead', async () => {
    const store = new CheckpointStore(files, folder);
    await saveAll(store, 1, 2);
    const path = join(folder, file(2));
    await writeFile(path, (await readFile(path)).subarray(0, 5_000));
    const error: unknown = await store.newest().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    const { message } = error as StoreError;
    expect(message).toContain(`${path} cannot be used: the tensors take`);
    expect(message).toContain('Removing this file makes the checkpoint before it the newest.');
    await rm(path);
    expect(await store.newest()).toEqual(sampleCheckpoint(1));
  });

  test("[CK6] a file under another version's name is refused", async () => {
    const store = new CheckpointStore(files, folder);
    await store.save(sampleCheckpoint(1));
    await rename(join(folder, file(1)), join(folder, file(8)));
    await expect(store.newest()).rejects.toThrow('it holds version 1, not the one of its name');
  });

  test("[CK7] an earlier run's checkpoints are never removed or mixed with: they are set aside whole", async () => {
    const store = new CheckpointStore(files, folder, 2);
    expect(await store.setAside()).toBeNull();
    await saveAll(store, 50, 60);
    await expect(store.save(sampleCheckpoint(1))).rejects.toThrow(
      /later version than 1, hence another run's/,
    );
    expect(await names()).toEqual([file(50), file(60)]);

    expect(await store.setAside()).toBe(join(folder, 'earlier-1'));
    await saveAll(store, 1);
    expect((await store.newest())?.version).toBe(1);
    expect(await store.setAside()).toBe(join(folder, 'earlier-2'));
    expect((await new CheckpointStore(files, join(folder, 'earlier-1')).newest())?.version).toBe(60);
  });

  test('[CK5] at least one checkpoint is kept', () => {
    expect(() => new CheckpointStore(files, folder, 0)).toThrow(RangeError);
  });
});
