import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../server/core/testing/virtualClock.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { startServerProcess } from './support/serverProcess.ts';
import { openBrowser, openPage } from './support/tabs.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const RUN = ['--mode', 'sync', '--round-size', '1', '--evaluate-every', '0', '--lease-seconds', '3600'];

/** Puts a file where the blobs of a data folder go, so that no save can be done; the answer takes it away. */
async function breakFolder(folder: string): Promise<() => Promise<void>> {
  const blobs = path.join(folder, 'blobs');
  await rename(blobs, path.join(folder, 'set aside'));
  await writeFile(blobs, '');
  return async () => {
    await rm(blobs);
    await rename(path.join(folder, 'set aside'), blobs);
  };
}

describe('a data folder', () => {
  it('[CK11] is one server’s: a second one ends with code 2 and says whose it is', async () => {
    const folder = await temporaryFolder(cleanup);
    const first = startServerProcess(cleanup, ['--data-dir', folder]);
    const join = await first.said(/^join/);
    await first.said(/commits/);
    const address = /http:\S+(?=\/ )/.exec(join)?.[0] ?? 'no address';
    const second = startServerProcess(cleanup, ['--data-dir', folder]);
    expect(await second.ended).toBe(2);
    expect(second.lines).toEqual([
      `tabswarm: the folder ${folder} is in use by another server: process ${first.pid}, ${address}. Stop that one, or choose another folder with --data-dir.`,
    ]);
    first.signal('SIGINT');
    expect(await first.ended).toBe(0);
    expect(await readdir(folder)).toEqual(['blobs', 'server.key', 'store.mdb', 'store.mdb-lock']);
  });

  it('[CK22] of a server that was killed is taken over, which is said', async () => {
    const folder = await temporaryFolder(cleanup);
    const first = startServerProcess(cleanup, ['--data-dir', folder]);
    await first.said(/commits/);
    first.signal('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = startServerProcess(cleanup, ['--data-dir', folder]);
    await second.said(/commits/);
    expect(second.lines[0]).toContain(
      `The server that had ${folder} (process ${first.pid}, http://localhost:`,
    );
    second.signal('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  it('[CK21] that cannot be used ends a server with code 2 before it listens', async () => {
    const server = startServerProcess(cleanup, ['--data-dir', '/dev/null']);
    expect(await server.ended).toBe(2);
    expect(server.lines).toEqual(['tabswarm: /dev/null is not a folder']);
  });
});

describe('a save that fails', () => {
  it('[RN6] [RN17] [RN16] at the end of a server gives exit code 1, and is said in its summary and its JSON', async () => {
    const folder = await temporaryFolder(cleanup);
    const server = startServerProcess(cleanup, [
      ...RUN,
      '--data-dir',
      folder,
      '--max-commits',
      '3',
      '--json',
    ]);
    const url = /http:\S+/.exec(await server.said(/^join/))?.[0] ?? '';
    await server.said(/commits/);
    await breakFolder(folder);
    startScriptedWorker(cleanup, url);
    const reason = `${path.join(folder, 'blobs')} is not a folder`;
    await server.said(/^checkpoint failed/);
    expect(server.lines).toContain(`checkpoint failed: ${reason}`);
    server.signal('SIGINT');
    expect(await server.ended).toBe(1);
    expect(server.lines.slice(-2)).toEqual([
      `  version 3 is NOT saved: ${reason}`,
      '  there is no checkpoint',
    ]);
    expect(JSON.parse(server.output())).toMatchObject({
      commits: 3,
      saved: false,
      checkpoint: null,
      saveFailure: reason,
    });
  });

  it('[RN17] is shown on the console beside the newest checkpoint, until a later one is done', async () => {
    const folder = await temporaryFolder(cleanup);
    const flags = [...RUN, '--data-dir', folder, '--checkpoint-seconds', '0.2'];
    const server = await startServer(cleanup, flags);
    const newest = () => server.snapshot().checkpoint?.version ?? 0;
    startScriptedWorker(cleanup, server.url);
    await expect.poll(newest, PATIENCE).toBeGreaterThan(0);
    const mend = await breakFolder(folder);
    const page = await openPage(await openBrowser(cleanup), server.adminUrl);
    const failure = page.getByTestId('checkpoint-failure');
    await expect.poll(() => failure.innerText(), PATIENCE).toContain('is not a folder');
    const before = newest();
    expect(await page.getByTestId('checkpoint').getAttribute('data-value')).toBe(String(before));
    await mend();
    await expect.poll(newest, PATIENCE).toBeGreaterThan(before);
    await expect.poll(() => failure.isHidden(), PATIENCE).toBe(true);
    expect(server.snapshot().checkpointFailure).toBeNull();
  });

  it('[RN15] is not tried again by a server that was closed', async () => {
    const clock = new VirtualClock();
    const server = await startServer(cleanup, RUN, { clock });
    startScriptedWorker(cleanup, server.url);
    await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(0);
    await server.close();
    for (let save = 0; save < 3; save++) {
      clock.advance(server.config.checkpointSeconds * 1000);
      await setImmediate();
    }
    expect(server.log).toEqual([]);
  });
});
