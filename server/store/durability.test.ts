import { describe, expect, test } from 'vitest';
import { writeDurably } from './atomic.ts';
import { CheckpointStore } from './checkpoint.ts';
import { StoreError } from './errors.ts';
import { sampleCheckpoint } from './fixtures/samples.ts';
import { Disk, type Fault, type Memory } from './testing/disk.ts';

const FOLDER = '/data/checkpoints';
const MEMORIES: Memory[] = ['all names', 'synced names'];
const file = (version: number) => `checkpoint-${String(version).padStart(10, '0')}.safetensors`;

/** Lets so many operations be done, and then none. */
function powerFor(operations: number): Fault {
  let left = operations;
  return () => {
    if (left-- <= 0) throw new Error('there is no power');
  };
}

/** Fails the first operation of this name whose path matches. */
function failing(operation: string, path: RegExp, code: string): Fault {
  let failed = false;
  return (asked, at) => {
    if (failed || asked !== operation || !path.test(at)) return;
    failed = true;
    throw Object.assign(new Error(`${code}: injected`), { code });
  };
}

async function diskWith(keep: number, ...versions: number[]): Promise<Disk> {
  const disk = new Disk();
  const store = new CheckpointStore(disk, FOLDER, keep);
  for (const version of versions) await store.save(sampleCheckpoint(version));
  return disk;
}

async function newestAfterPowerCut(disk: Disk, memory: Memory): Promise<number | undefined> {
  const newest = await new CheckpointStore(disk.afterPowerCut(memory), FOLDER).newest();
  if (newest !== null) expect(newest).toEqual(sampleCheckpoint(newest.version));
  return newest?.version;
}

describe('a save on a disk whose power is cut', () => {
  test('[CK15] is written, synced, closed, renamed, its folder synced, and the oldest removed then', async () => {
    const disk = await diskWith(2, 1, 2);
    const before = disk.log.length;
    await new CheckpointStore(disk, FOLDER, 2).save(sampleCheckpoint(3));
    const steps = disk.log.slice(before).map((step) => step.replace(/\.[0-9a-f]{12}\.tmp/, '.tmp'));
    const temporary = `${FOLDER}/.${file(3)}.tmp`;
    expect(steps).toEqual([
      `open ${temporary}`,
      `write ${temporary}`,
      `sync ${temporary}`,
      `close ${temporary}`,
      `rename ${temporary} ${FOLDER}/${file(3)}`,
      `open ${FOLDER}`,
      `sync ${FOLDER}`,
      `close ${FOLDER}`,
      `remove ${FOLDER}/${file(1)}`,
    ]);
  });

  test.each(MEMORIES)('[CK5] is kept once it was answered, the first one too (%s)', async (memory) => {
    expect(await newestAfterPowerCut(await diskWith(1, 1), memory)).toBe(1);
    expect(await newestAfterPowerCut(await diskWith(1, 1, 2), memory)).toBe(2);
  });

  test.each(MEMORIES)(
    '[CK5] leaves the version before or its own, wherever it is cut (%s)',
    async (memory) => {
      for (let operations = 0; ; operations++) {
        const disk = await diskWith(1, 1, 2);
        disk.fault = powerFor(operations);
        const saved = await new CheckpointStore(disk, FOLDER, 1).save(sampleCheckpoint(3)).then(
          () => true,
          () => false,
        );
        expect([2, 3]).toContain(await newestAfterPowerCut(disk, memory));
        if (saved) break;
        expect(operations).toBeLessThan(40);
      }
    },
  );

  test.each(MEMORIES)('[CK7] setting aside loses no checkpoint, wherever it is cut (%s)', async (memory) => {
    for (let operations = 0; ; operations++) {
      const disk = await diskWith(2, 1, 2);
      disk.fault = powerFor(operations);
      const moved = await new CheckpointStore(disk, FOLDER).setAside().catch(() => null);
      const found = disk.afterPowerCut(memory);
      for (const version of [1, 2]) {
        const places = [FOLDER, `${FOLDER}/earlier-1`].map((folder) =>
          found.kindOf(`${folder}/${file(version)}`),
        );
        expect(await Promise.all(places)).toContain('file');
      }
      if (moved !== null) break;
      expect(operations).toBeLessThan(40);
    }
  });
});

describe('a save that fails', () => {
  test.each([
    ['open', /\.tmp$/, 'EDQUOT'],
    ['write', /\.tmp$/, 'ENOSPC'],
    ['sync', /\.tmp$/, 'EIO'],
    ['close', /\.tmp$/, 'EIO'],
    ['rename', /\.tmp$/, 'EACCES'],
  ])(
    '[CK5] in its %s keeps as many as before, leaves nothing, and the next one goes on',
    async (operation, path, code) => {
      const disk = await diskWith(2, 1, 2);
      const store = new CheckpointStore(disk, FOLDER, 2);
      disk.fault = failing(operation, path, code);
      await expect(store.save(sampleCheckpoint(3))).rejects.toThrow(StoreError);
      expect((await disk.list(FOLDER)).map(({ name }) => name)).toEqual([file(1), file(2)]);
      await store.save(sampleCheckpoint(4));
      expect((await disk.list(FOLDER)).map(({ name }) => name)).toEqual([file(2), file(4)]);
    },
  );

  test.each([
    ['open', /\.tmp$/],
    ['write', /\.tmp$/],
    ['sync', /\.tmp$/],
    ['rename', /\.tmp$/],
    ['sync', /checkpoints$/],
  ])(
    '[CK9] in its %s (%s) for want of an answer says so and does not wait for the disk once more',
    async (operation, path) => {
      const disk = await diskWith(2, 1);
      const store = new CheckpointStore(disk, FOLDER);
      const asked: string[] = [];
      const fail = failing(operation, path, 'ETIMEDOUT');
      disk.fault = (name, at, bytes) => {
        asked.push(name);
        return fail(name, at, bytes);
      };
      await expect(store.save(sampleCheckpoint(2))).rejects.toThrow('cannot be written: ETIMEDOUT: injected');
      expect(asked.at(-1)).toBe(operation);
      disk.fault = () => undefined;
      await store.save(sampleCheckpoint(3));
      expect((await disk.list(FOLDER)).every(({ name }) => !name.endsWith('.tmp'))).toBe(true);
      expect((await store.newest())?.version).toBe(3);
    },
  );

  test('[CK5] in its write and in the removal of what it wrote tells of the write', async () => {
    const disk = await diskWith(2, 1);
    disk.fault = (operation) => {
      if (operation === 'write') throw Object.assign(new Error('the write'), { code: 'ENOSPC' });
      if (operation === 'remove') throw new Error('the removal');
    };
    await expect(new CheckpointStore(disk, FOLDER).save(sampleCheckpoint(2))).rejects.toThrow('the write');
  });
});

describe('a save that cannot remove the old ones', () => {
  test.each(['EACCES', 'ETIMEDOUT'])('[CK15] (%s) is done, and that is told apart', async (code) => {
    const disk = await diskWith(2, 1, 2);
    const told: string[] = [];
    const store = new CheckpointStore(disk, FOLDER, 2, (line) => void told.push(line));
    disk.fault = failing('remove', /1\.safetensors$/, code);
    expect(await store.save(sampleCheckpoint(3))).toBe(`${FOLDER}/${file(3)}`);
    expect(told).toEqual([`old checkpoints in ${FOLDER} cannot be removed: ${code}: injected`]);
    await store.save(sampleCheckpoint(4));
    expect(told).toHaveLength(1);
    expect((await disk.list(FOLDER)).map(({ name }) => name)).toEqual([file(3), file(4)]);
  });

  test('[CK15] since the folder cannot be read any more is done too', async () => {
    const disk = await diskWith(2, 1, 2);
    const told: string[] = [];
    const store = new CheckpointStore(disk, FOLDER, 2, (line) => void told.push(line));
    let lists = 0;
    disk.fault = (operation) => {
      if (operation === 'list' && ++lists === 2)
        throw Object.assign(new Error('EIO: injected'), { code: 'EIO' });
    };
    await store.save(sampleCheckpoint(3));
    expect(told).toEqual([
      `old checkpoints in ${FOLDER} cannot be removed: ${FOLDER} cannot be read: EIO: injected`,
    ]);
  });
});

describe('the newest checkpoint', () => {
  test.each(['ETIMEDOUT', 'EACCES', 'EIO'])(
    '[CK16] that cannot be read (%s) is named, and never said to be removed',
    async (code) => {
      const disk = await diskWith(2, 1, 2);
      disk.fault = failing('read', /2\.safetensors$/, code);
      const store = new CheckpointStore(disk, FOLDER);
      await expect(store.newest()).rejects.toThrow(
        new StoreError(
          `${FOLDER}/${file(2)} cannot be read: ${code}: injected. It may well be whole: go on once it can be read.`,
        ),
      );
      expect((await store.newest())?.version).toBe(2);
    },
  );

  test('[CK16] in the format of another release is named, and never said to be removed', async () => {
    const disk = await diskWith(2, 1);
    const bytes = Buffer.from(await disk.read(`${FOLDER}/${file(1)}`));
    const at = bytes.indexOf('"format":"1"');
    bytes.write('"format":"9"', at);
    await writeDurably(disk, `${FOLDER}/${file(2)}`, bytes);
    const error: unknown = await new CheckpointStore(disk, FOLDER)
      .newest()
      .catch((reason: unknown) => reason);
    expect(String(error)).toBe(
      `StoreError: ${FOLDER}/${file(2)} cannot be used: checkpoint format 9: this release reads format 1. Go on with the release that wrote it.`,
    );
  });
});

describe('a rehearsal of a save', () => {
  test('[CK10] writes as much as a checkpoint, syncs it, and leaves nothing', async () => {
    const disk = new Disk();
    let written = 0;
    disk.fault = (operation, _, bytes) => void (written += operation === 'write' ? bytes : 0);
    await new CheckpointStore(disk, FOLDER).rehearse(1_000_000);
    expect(written).toBe(1_000_000);
    expect(disk.log.some((step) => step.startsWith(`sync ${FOLDER}/.checkpoint-`))).toBe(true);
    expect(await disk.list(FOLDER)).toEqual([]);
  });

  test.each([
    ['makeFolder', /data$/, 'EROFS', 'the folder /data cannot be made: EROFS'],
    ['open', /\.tmp$/, 'EACCES', `no checkpoint can be written in ${FOLDER}: EACCES`],
    ['write', /\.tmp$/, 'ENOSPC', `no checkpoint can be written in ${FOLDER}: ENOSPC`],
    ['sync', /\.tmp$/, 'EDQUOT', `no checkpoint can be written in ${FOLDER}: EDQUOT`],
  ])('[CK21] that fails in its %s says where and why', async (operation, path, code, message) => {
    const disk = new Disk();
    disk.fault = failing(operation, path, code);
    await expect(new CheckpointStore(disk, FOLDER).rehearse(1000)).rejects.toThrow(message);
    expect((await disk.kindOf(FOLDER)) === null || (await disk.list(FOLDER)).length === 0).toBe(true);
  });
});
