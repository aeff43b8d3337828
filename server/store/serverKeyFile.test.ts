import { mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { DataFolder } from './dataFolder.ts';
import { KEY_FILE } from './serverKeyFile.ts';

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tabswarm-key-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function keyOf(folder: string): Promise<Uint8Array> {
  const opened = await DataFolder.open(folder, new VirtualClock(), () => undefined);
  await opened.close();
  return opened.key;
}

it('[AU8] is made once, for its owner alone', async () => {
  const folder = await folderOfTest();
  const key = await keyOf(folder);
  expect(await keyOf(folder)).toEqual(key);
  expect(await keyOf(await folderOfTest())).not.toEqual(key);
  expect((await stat(join(folder, KEY_FILE))).mode & 0o777).toBe(0o600);
});

it('[AU8] is not replaced where it is damaged, and the folder is free for the next try', async () => {
  const folder = await folderOfTest();
  const whole = Buffer.from(await keyOf(folder));
  const path = join(folder, KEY_FILE);
  await truncate(path, 31);
  for (let time = 0; time < 2; time++) {
    await expect(keyOf(folder)).rejects.toThrow(`${path} has 31 bytes, a server's key has 32`);
  }
  expect(await readFile(path)).toEqual(whole.subarray(0, 31));
});
