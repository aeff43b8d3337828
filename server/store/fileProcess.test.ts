import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settled } from '../core/testing/runWorld.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { writeAtomically, writeDurably } from './atomic.ts';
import { FileProcess, OPERATION_LIMIT_MS } from './fileProcess.ts';
import { RUN, sampleCheckpoint, UNMEASURED } from './fixtures/samples.ts';
import { FolderLock } from './folderLock.ts';
import { keptOn } from './testing/keptOn.ts';

describe.skipIf(process.platform === 'win32')('the process that does file operations', () => {
  const clock = new VirtualClock();
  let files: FileProcess;
  let folder: string;
  let pipe: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tabswarm-files-'));
    pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    files = new FileProcess(clock);
  });
  afterEach(async () => {
    files.end();
    await rm(folder, { recursive: true });
  });

  test('[CK9] [CK19] an operation that hangs fails in the end, and the next one is done', async () => {
    const hanging = files.open(pipe, 'r');
    clock.advance(OPERATION_LIMIT_MS - 1);
    expect(await files.kindOf(folder)).toBe('folder');
    clock.advance(1);
    await expect(hanging).rejects.toThrow('the file system gave no answer within 30 seconds');
    expect(await files.kindOf(folder)).toBe('folder');
  });

  test('[CK9] a disk hangs until something reached it again, whatever is read meanwhile', async () => {
    const hanging = files.open(pipe, 'r');
    clock.advance(OPERATION_LIMIT_MS);
    await expect(hanging).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await files.list(folder);
    await files.remove(join(folder, 'nothing'));
    expect(files.hangs).toBe(true);
    await writeDurably(files, join(folder, 'file'), new Uint8Array(1));
    expect(files.hangs).toBe(false);
  });

  test('[CK19] a save that hangs fails in the end, and the next one is kept', async () => {
    const { checkpoints } = await keptOn(files, { folder: join(folder, 'blobs') });
    const save = (version: number) => checkpoints.save(RUN, sampleCheckpoint(version), UNMEASURED);
    await save(1);
    process.kill(files.pid ?? 0, 'SIGSTOP');
    const hanging = save(2);
    const next = save(3);
    await settled();
    clock.advance(OPERATION_LIMIT_MS);
    await expect(hanging).rejects.toThrow(/cannot be used: the file system gave no answer/);
    await next;
    expect((await checkpoints.list(RUN)).map(({ version }) => version)).toEqual([3, 1]);
  });

  describe('stops answering between two steps of a write', () => {
    /** From the next `operation` on the process does nothing; the limit passes once that was asked for. */
    const stopBefore = (operation: 'write' | 'sync') => {
      const ask = files[operation].bind(files) as (...given: unknown[]) => Promise<void>;
      files[operation] = (...given: unknown[]) => {
        process.kill(files.pid ?? 0, 'SIGSTOP');
        const asked = ask(...given);
        clock.advance(OPERATION_LIMIT_MS);
        return asked;
      };
    };
    const noAnswer = 'the file system gave no answer within 30 seconds';

    test.each(['write', 'sync'] as const)(
      '[CK9] (%s): that is what is told, and nothing more is asked of the mount',
      async (operation) => {
        stopBefore(operation);
        await expect(writeAtomically(files, join(folder, 'file'), new Uint8Array(1))).rejects.toMatchObject({
          code: 'ETIMEDOUT',
          message: noAnswer,
        });
        expect(files.pid).toBeNull();
      },
    );

    test.each(['write', 'sync'] as const)(
      '[CK9] [CK10] (%s): a rehearsal and a lock tell that too, and ask for nothing more',
      async (operation) => {
        const blobs = join(folder, 'blobs');
        await mkdir(blobs);
        const { checkpoints } = await keptOn(files, { folder: blobs });
        stopBefore(operation);
        await expect(checkpoints.rehearse(1)).rejects.toThrow(
          `no checkpoint can be written in ${blobs}: ${noAnswer}`,
        );
        expect(files.pid).toBeNull();
        await expect(FolderLock.take({ files, folder })).rejects.toThrow(
          `the folder ${folder} cannot be written: ${noAnswer}`,
        );
        expect(files.pid).toBeNull();
      },
    );
  });

  test('[CK20] a command can end while an operation hangs', async () => {
    const script = fileURLToPath(new URL('./fixtures/exitWhileHung.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, pipe, folder]);
    expect(await once(child, 'exit')).toEqual([3, null]);
  });

  test('[CK9] what was asked of a process that is killed fails, and the next one is done', async () => {
    expect(await files.kindOf(folder)).toBe('folder');
    const { pid } = files;
    process.kill(pid ?? 0, 'SIGSTOP');
    const asked = files.kindOf(folder);
    process.kill(pid ?? 0, 'SIGKILL');
    await expect(asked).rejects.toThrow('the process that writes files ended');
    expect(await files.kindOf(folder)).toBe('folder');
    expect(files.pid).not.toBe(pid);
  });

  test('[CK9] Ctrl-C, which goes to all processes of a terminal, does not end it', async () => {
    expect(await files.kindOf(folder)).toBe('folder');
    const { pid } = files;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid ?? 0, signal);
    expect(await files.kindOf(folder)).toBe('folder');
    expect(files.pid).toBe(pid);
  });

  test('[CK5] a file larger than one message is written whole', async () => {
    const path = join(folder, 'large');
    const bytes = new Uint8Array(20_000_001).map((_, index) => index % 251);
    const file = await files.open(path, 'wx');
    await files.write(file, bytes);
    await files.sync(file);
    await files.close(file);
    expect(Buffer.compare(await files.read(path), bytes)).toBe(0);
  });

  test('[CK9] a large file is read in chunks, each with its own limit', async () => {
    const path = join(folder, 'large');
    const bytes = new Uint8Array(20_000_001).map((_, index) => index % 251);
    await writeDurably(files, path, bytes);
    let longest = 0;
    const now = clock.now();
    const after = clock.after.bind(clock);
    // Each request takes all but a millisecond of what it may take.
    clock.after = (milliseconds, task) => {
      const cancel = after(milliseconds, task);
      clock.advance(milliseconds - 1);
      longest = Math.max(longest, milliseconds);
      return cancel;
    };
    expect(Buffer.compare(await files.read(path), bytes)).toBe(0);
    expect(longest).toBe(OPERATION_LIMIT_MS);
    expect(clock.now() - now).toBeGreaterThan(3 * OPERATION_LIMIT_MS);
    Reflect.deleteProperty(clock, 'after');
  });

  test('[CK9] after its end nothing is done, and no process is started', async () => {
    await files.list(folder);
    files.end();
    await expect(files.list(folder)).rejects.toThrow('the process that writes files was ended');
    await expect(files.open(join(folder, 'file'), 'wx')).rejects.toThrow('was ended');
    expect(files.pid).toBeNull();
  });

  test("[CK9] errors are the file system's own", async () => {
    await expect(files.open(join(folder, 'nothing'), 'r')).rejects.toMatchObject({
      code: 'ENOENT',
      path: join(folder, 'nothing'),
      syscall: 'open',
    });
    await expect(files.write(99, new Uint8Array(1))).rejects.toMatchObject({ code: 'EBADF' });
  });
});
