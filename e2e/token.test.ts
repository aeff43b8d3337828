import { afterEach, expect, it } from 'vitest';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { machineClock } from '../server/app/machineTime.ts';
import { ROWS_FILE } from '../server/store/dataFolder.ts';
import { FileProcess } from '../server/store/fileProcess.ts';
import { API } from '../shared/protocol/admin.ts';
import { post, signIn, tokenOf } from './support/adminClient.ts';
import { startCommand } from './support/commandProcess.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

/* The admin's token, over restarts of the server. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function newToken(folder: string) {
  const command = startCommand(cleanup, 'token', ['--data-dir', folder]);
  return { code: await command.ended, output: command.output().trim(), lines: command.lines };
}

it('[AD26] [AD28] npm run token makes another, but not while the server runs', async () => {
  const folder = await temporaryFolder(cleanup);
  const flags = ['--data-dir', folder];
  const first = await startServer(cleanup, flags);
  const { cookie } = await signIn(first);
  const early = await newToken(folder);
  expect([early.code, early.output]).toEqual([2, '']);
  expect(early.lines.join()).toContain('in use by another server');
  await first.close();

  const second = await startServer(cleanup, flags);
  expect(second.adminUrl).not.toContain('#');
  const seen = await fetch(`${second.url}${API.run('current')}`, { headers: { cookie } });
  expect(seen.status).toBe(200);
  await second.close();

  const { code, output } = await newToken(folder);
  expect(code).toBe(0);
  const third = await startServer(cleanup, flags);
  const opened = (token: string) => post(`${third.url}${API.session}`, { token });
  expect((await opened(tokenOf(first))).status).toBe(401);
  expect((await opened(output)).status).toBe(200);
}, 60_000);

it('[AD33] npm run token makes no data folder', async () => {
  const folder = await temporaryFolder(cleanup);
  const { code, output, lines } = await newToken(join(folder, 'typing-error'));
  expect([code, output]).toEqual([2, '']);
  expect(lines.join()).toContain('is no data folder of a server: no such file');
  expect(await readdir(folder)).toEqual([]);
}, 60_000);

it('[LG8] [AD27] a server whose token cannot be read does not start, and leaves no events of a run', async () => {
  const folder = await temporaryFolder(cleanup);
  const command = startCommand(cleanup, 'start', [
    ...['--data-dir', folder, '--port', '0'],
    ...['--admin-token-file', join(folder, 'none')],
  ]);
  expect(await command.ended).toBe(2);
  expect(command.lines.join()).toContain('cannot be read: no such file');
  const files = new FileProcess(machineClock);
  cleanup.add(() => files.end());
  const span = { from: 'event/', below: 'event0', limit: 1, order: 'ascending' } as const;
  expect(await files.readRows(join(folder, ROWS_FILE), span)).toEqual([]);
}, 60_000);
