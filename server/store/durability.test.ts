import { describe, expect, test } from 'vitest';
import { StoreError } from './errors.ts';
import { RUN, sampleCheckpoint, UNMEASURED } from './fixtures/samples.ts';
import { Disk, type Fault, type Memory } from './testing/disk.ts';
import { BLOB_FOLDER, keptOn } from './testing/keptOn.ts';

const MEMORIES: Memory[] = ['all names', 'synced names'];

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

/** A disk that has these versions, saved. */
async function diskWith(keep: number, ...versions: number[]) {
  const disk = new Disk();
  const kept = await keptOn(disk, { keep });
  const save = (version: number) => kept.checkpoints.save(RUN, sampleCheckpoint(version), UNMEASURED);
  for (const version of versions) await save(version);
  const names = async () => (await disk.list(BLOB_FOLDER)).map(({ name }) => name);
  const versionsKept = async () => (await kept.checkpoints.list(RUN)).map(({ version }) => version);
  return { ...kept, disk, save, names, versionsKept };
}

/** Every row has its blob, whole; the answer is the version of the newest. */
async function newestAfterPowerCut(disk: Disk, rows: Map<string, string>, memory: Memory) {
  const { checkpoints } = await keptOn(disk.afterPowerCut(memory), { rows });
  const list = await checkpoints.list(RUN);
  for (const row of list) expect(await checkpoints.load(row)).toEqual(sampleCheckpoint(row.version));
  return list[0]?.version;
}

describe('a save on a disk whose power is cut', () => {
  test('[CK15] [ST8] writes, syncs, closes and renames the blob, syncs its folder, and then the row; the oldest goes last', async () => {
    const { disk, save, checkpoints, rows } = await diskWith(2, 1, 2);
    const [, oldest] = await checkpoints.list(RUN);
    const log: string[] = [];
    const before = disk.log.length;
    const set = rows.set.bind(rows);
    rows.set = (key, value) => {
      disk.log.push(`row ${key}`);
      return set(key, value);
    };
    await save(3);
    const [newest] = await checkpoints.list(RUN);
    log.push(...disk.log.slice(before).map((step) => step.replace(/\.[0-9a-f]{12}\.tmp/, '.tmp')));
    const temporary = `${BLOB_FOLDER}/.${newest?.blob}.tmp`;
    expect(log).toEqual([
      `open ${temporary}`,
      `write ${temporary}`,
      `sync ${temporary}`,
      `close ${temporary}`,
      `rename ${temporary} ${BLOB_FOLDER}/${newest?.blob}`,
      `open ${BLOB_FOLDER}`,
      `sync ${BLOB_FOLDER}`,
      `close ${BLOB_FOLDER}`,
      `row checkpoint/${RUN}/0000000000000003`,
      `remove ${BLOB_FOLDER}/${oldest?.blob}`,
    ]);
  });

  test.each(MEMORIES)('[CK5] is kept once it was answered, the first one too (%s)', async (memory) => {
    const first = await diskWith(1, 1);
    expect(await newestAfterPowerCut(first.disk, first.rows, memory)).toBe(1);
    const second = await diskWith(1, 1, 2);
    expect(await newestAfterPowerCut(second.disk, second.rows, memory)).toBe(2);
  });

  test.each(MEMORIES)(
    '[CK5] [ST8] leaves the version before or its own, and no row without its blob, wherever it is cut (%s)',
    async (memory) => {
      for (let operations = 0; ; operations++) {
        const { disk, save, rows } = await diskWith(1, 1, 2);
        disk.fault = powerFor(operations);
        const saved = await save(3).then(
          () => true,
          () => false,
        );
        expect([2, 3]).toContain(await newestAfterPowerCut(disk, rows, memory));
        if (saved && operations > 12) break;
        expect(operations).toBeLessThan(40);
      }
    },
  );
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
      const { disk, save, names, versionsKept } = await diskWith(2, 1, 2);
      disk.fault = failing(operation, path, code);
      await expect(save(3)).rejects.toThrow(StoreError);
      expect([await versionsKept(), (await names()).length]).toEqual([[2, 1], 2]);
      await save(4);
      expect([await versionsKept(), (await names()).length]).toEqual([[4, 2], 2]);
    },
  );

  test.each([
    ['open', /\.tmp$/],
    ['write', /\.tmp$/],
    ['sync', /\.tmp$/],
    ['rename', /\.tmp$/],
    ['sync', /blobs$/],
  ])(
    '[CK9] in its %s (%s) for want of an answer says so and does not wait for the disk once more',
    async (operation, path) => {
      const { disk, save, names, versionsKept } = await diskWith(2, 1);
      const asked: string[] = [];
      const fail = failing(operation, path, 'ETIMEDOUT');
      disk.fault = (name, at, bytes) => {
        asked.push(name);
        return fail(name, at, bytes);
      };
      await expect(save(2)).rejects.toThrow('cannot be written: ETIMEDOUT: injected');
      expect(asked.at(-1)).toBe(operation);
      disk.fault = () => undefined;
      await save(3);
      expect((await names()).every((name) => !name.endsWith('.tmp'))).toBe(true);
      expect(await versionsKept()).toEqual([3, 1]);
    },
  );

  test('[CK5] in its write and in the removal of what it wrote tells of the write', async () => {
    const { disk, save } = await diskWith(2, 1);
    disk.fault = (operation) => {
      if (operation === 'write') throw Object.assign(new Error('the write'), { code: 'ENOSPC' });
      if (operation === 'remove') throw new Error('the removal');
    };
    await expect(save(2)).rejects.toThrow('the write');
  });

  test('[CK5] since its row cannot be written keeps what there was, and the next one removes its blob', async () => {
    const { save, names, rows, versionsKept } = await diskWith(2, 1, 2);
    const set = rows.set.bind(rows);
    rows.set = () => {
      throw new Error('the disk is full');
    };
    await expect(save(3)).rejects.toThrow('the disk is full');
    rows.set = set;
    expect(await versionsKept()).toEqual([2, 1]);
    await save(4);
    expect([await versionsKept(), (await names()).length]).toEqual([[4, 2], 2]);
  });
});

describe('a save that cannot remove the old ones', () => {
  test.each(['EACCES', 'ETIMEDOUT'])('[CK15] (%s) is done, and that is told apart', async (code) => {
    const { disk, save, told, names, versionsKept } = await diskWith(2, 1, 2);
    disk.fault = failing('remove', /blobs/, code);
    await save(3);
    expect(told).toEqual([`old checkpoints cannot be removed: ${code}: injected`]);
    await save(4);
    expect(told).toHaveLength(1);
    expect([await versionsKept(), (await names()).length]).toEqual([[4, 3], 2]);
  });
});

describe('a rehearsal of a save', () => {
  test('[CK10] writes as much as a checkpoint, syncs it, and leaves nothing', async () => {
    const disk = new Disk();
    let written = 0;
    disk.fault = (operation, _, bytes) => void (written += operation === 'write' ? bytes : 0);
    await (await keptOn(disk)).checkpoints.rehearse(1_000_000);
    expect(written).toBe(1_000_000);
    expect(disk.log.some((step) => step.startsWith(`sync ${BLOB_FOLDER}/.rehearsal`))).toBe(true);
    expect(await disk.list(BLOB_FOLDER)).toEqual([]);
  });

  test.each([
    ['makeFolder', /data$/, 'EROFS', 'the folder /data cannot be made: EROFS'],
    ['open', /\.tmp$/, 'EACCES', `no checkpoint can be written in ${BLOB_FOLDER}: EACCES`],
    ['write', /\.tmp$/, 'ENOSPC', `no checkpoint can be written in ${BLOB_FOLDER}: ENOSPC`],
    ['sync', /\.tmp$/, 'EDQUOT', `no checkpoint can be written in ${BLOB_FOLDER}: EDQUOT`],
  ])('[CK21] that fails in its %s says where and why', async (operation, path, code, message) => {
    const disk = new Disk();
    disk.fault = failing(operation, path, code);
    const { checkpoints } = await keptOn(disk);
    await expect(checkpoints.rehearse(1000)).rejects.toThrow(message);
    expect((await disk.kindOf(BLOB_FOLDER)) === null || (await disk.list(BLOB_FOLDER)).length === 0).toBe(
      true,
    );
  });
});
