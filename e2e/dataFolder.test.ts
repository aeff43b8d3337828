import { readdir } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startServerProcess } from './support/serverProcess.ts';
import { Cleanup, temporaryFolder } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

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
    expect(await readdir(folder)).toEqual(['checkpoints']);
  });

  it('[CK11] of a server that was killed is taken over, which is said', async () => {
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

  it('[CK10] that cannot be used ends a server with code 2 before it listens', async () => {
    const server = startServerProcess(cleanup, ['--data-dir', '/dev/null']);
    expect(await server.ended).toBe(2);
    expect(server.lines).toEqual(['tabswarm: /dev/null is not a folder']);
  });
});
