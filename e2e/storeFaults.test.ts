import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../server/core/testing/virtualClock.ts';
import { ROWS_FILE } from '../server/store/dataFolder.ts';
import { FileProcess } from '../server/store/fileProcess.ts';
import { LmdbRows } from '../server/store/lmdbRows.ts';
import { SCHEMA_VERSION } from '../server/store/store.ts';
import { Table } from '../server/store/table.ts';
import { META_TABLE } from '../server/store/tables.ts';
import { blobPath, checkpointsIn, readRows, type CheckpointRow } from './support/ledger.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { startServerProcess } from './support/serverProcess.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

/* What a server says of a store that it cannot use, and that nothing good is lost. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const kept = new Cleanup();
afterAll(() => kept.run());

const PATIENCE = { timeout: 30_000 };
const SMALL_BYTES = 100_000;

let whole: string;
let newest: CheckpointRow;
let before: CheckpointRow;

beforeAll(async () => {
  whole = await temporaryFolder(kept);
  const flags = ['--mode', 'async', '--evaluate-every', '0', '--checkpoint-seconds', '0.3'];
  const server = await startServer(kept, [...flags, '--data-dir', whole]);
  startScriptedWorker(kept, server.url);
  const versions = new Set<number>();
  await vi.waitFor(() => {
    versions.add(server.snapshot().checkpoint?.version ?? 0);
    expect(versions.size).toBeGreaterThan(3);
  }, PATIENCE);
  await server.close();
  [before, newest] = checkpointsIn(await readRows(whole)).slice(-2) as [CheckpointRow, CheckpointRow];
}, 120_000);

/** A copy of the folder, to be damaged. */
async function copyOfWhole(): Promise<string> {
  const folder = await temporaryFolder(cleanup);
  await cp(whole, folder, { recursive: true });
  return folder;
}

/** Every file by its content, but for those that say who uses the folder. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === `${ROWS_FILE}-lock`) continue;
    const path = join(entry.parentPath, entry.name);
    contents[path] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return contents;
}

/** Starts a server that has to refuse, and answers with the only line that it says. */
async function refusal(folder: string, ...flags: string[]): Promise<string> {
  const found = await contentsOf(folder);
  const server = startServerProcess(cleanup, ['--data-dir', folder, ...flags]);
  expect(await server.ended).toBe(2);
  expect(server.lines).toEqual([expect.any(String)]);
  expect(await contentsOf(folder)).toEqual(found);
  return server.lines[0] ?? '';
}

async function expectGoingOn(folder: string, version: number, ...flags: string[]): Promise<void> {
  const server = startServerProcess(cleanup, ['--data-dir', folder, ...flags]);
  await server.said(/commits/);
  expect(server.lines[0]).toContain(`Going on with run ${newest.run} from version ${version}`);
  server.signal('SIGTERM');
  expect(await server.ended).toBe(0);
}

describe('a server whose store', () => {
  it('[ST20] is damaged ends with code 2 and says so, and goes on once a copy is put back', async () => {
    const folder = await copyOfWhole();
    const path = join(folder, ROWS_FILE);
    const bytes = await readFile(path);
    await truncate(path, bytes.length / 2);
    expect(await refusal(folder)).toMatch(/^tabswarm: .*store\.mdb is damaged: .* Put a copy of it back/);
    await writeFile(path, bytes);
    await expectGoingOn(folder, newest.version);
  });

  it('[ST4] is of a later release ends with code 2 and says so', async () => {
    const folder = await copyOfWhole();
    const files = new FileProcess(new VirtualClock());
    const rows = new LmdbRows(files, join(folder, ROWS_FILE));
    await new Table(rows, META_TABLE).put({ name: 'schema', version: SCHEMA_VERSION + 1 });
    await rows.close();
    files.end();
    expect(await refusal(folder)).toContain(`has schema ${SCHEMA_VERSION + 1}, this release knows schema`);
  });

  it.each([
    ['is missing', (path: string) => rm(path)],
    ['is half written', (path: string) => truncate(path, 1000)],
  ])(
    '[CK6] has a newest checkpoint that %s ends with code 2, and goes on from another on demand',
    async (_, harm) => {
      const folder = await copyOfWhole();
      await harm(blobPath(folder, newest));
      const said = await refusal(folder);
      expect(said).toContain(`the checkpoint of version ${newest.version} cannot be used: `);
      expect(said).toContain(blobPath(folder, newest));
      expect(said).toContain(`--checkpoint ${before.version}`);
      await expectGoingOn(folder, before.version, '--checkpoint', String(before.version));
    },
  );

  it('[CK5] has blobs that a kill left unfinished goes on', async () => {
    const folder = await copyOfWhole();
    await writeFile(join(folder, 'blobs', `.${'ab'.repeat(32)}.0123456789ab.tmp`), 'half');
    await expectGoingOn(folder, newest.version);
  });

  it.skipIf(process.platform !== 'linux')(
    '[CK10] [CK21] is on a disk that is full ends with code 2 before it listens',
    async () => {
      const folder = await copyOfWhole();
      const found = await contentsOf(folder);
      const server = startServerProcess(cleanup, ['--data-dir', folder]);
      // As on a full disk, a write beyond this fails.
      execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${SMALL_BYTES}`]);
      expect(await server.ended).toBe(2);
      expect(server.lines).toEqual([
        `tabswarm: no checkpoint can be written in ${join(folder, 'blobs')}: file too large (EFBIG)`,
      ]);
      expect(await contentsOf(folder)).toEqual(found);
      await expectGoingOn(folder, newest.version);
    },
  );
});
