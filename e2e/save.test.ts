import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { adminSnapshot, API, type AdminSnapshot } from '../shared/protocol/admin.ts';
import type { RunAction } from '../shared/protocol/runActions.ts';
import { modelHash } from '../server/store/modelHash.ts';
import { post, signIn } from './support/adminClient.ts';
import { newestCheckpoint } from './support/newestCheckpoint.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { SHARD_SECRET, startShardProcess } from './support/shardProcess.ts';
import { Cleanup, startServer, temporaryFolder, type TestServer } from './support/testServer.ts';

/* Saving when an operator asks for it. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const RUN = ['--mode', 'sync', '--round-size', '1', '--evaluate-every', '0', '--lease-seconds', '3600'];
const PATIENCE = { timeout: 30_000 };
/** None but those that are asked for. */
const RARELY = ['--checkpoint-seconds', '3600'];

interface Operated {
  server: TestServer;
  act: (action: RunAction) => Promise<Response>;
  /** The run as an action that is done is answered with. */
  done: (action: RunAction) => Promise<AdminSnapshot>;
}

/** A server with a worker and a signed-in operator, after some commits. */
async function operated(folder: string, ...flags: string[]): Promise<Operated> {
  const server = await startServer(cleanup, [...RUN, ...RARELY, '--data-dir', folder, ...flags], {
    environment: { TABSWARM_SHARD_SECRET: SHARD_SECRET },
  });
  startScriptedWorker(cleanup, server.url);
  await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(3);
  const { cookie } = await signIn(server);
  const act = (action: RunAction) => post(`${server.url}${API.action('current', action)}`, {}, { cookie });
  const done = async (action: RunAction) => {
    const answer = await act(action);
    expect(answer.status).toBe(200);
    return adminSnapshot.parse(await answer.json());
  };
  return { server, act, done };
}

const SHARDS = ['1', '4', 'two processes'];
async function shardsOf(name: string): Promise<string> {
  if (name !== 'two processes') return name;
  const processes = [await startShardProcess(cleanup), await startShardProcess(cleanup)];
  return processes.map(({ url }) => url).join(',');
}

describe.each(SHARDS)('save on shards: %s', (name) => {
  it('[AD15] while the run goes on is answered with a checkpoint that is on the disk', async () => {
    const folder = await temporaryFolder(cleanup);
    const { server, done } = await operated(folder, '--shards', await shardsOf(name));
    const before = server.training.coordinator.version;
    const { checkpoint } = await done('save');
    expect(checkpoint?.version).toBeGreaterThanOrEqual(before);
    await server.close();
    expect((await newestCheckpoint(folder)).version).toBe(checkpoint?.version);
  }, 60_000);

  it('[AD15] while the run is paused keeps the model, bit for bit', async () => {
    const folder = await temporaryFolder(cleanup);
    const { server, done } = await operated(folder, '--shards', await shardsOf(name));
    await done('pause');
    await expect.poll(() => server.snapshot().devices[0]?.state, PATIENCE).toBe('idle');
    const { checkpoint, status } = await done('save');
    const hash = await server.hash();
    await server.close();
    const kept = await newestCheckpoint(folder);
    expect([checkpoint?.version, kept.version]).toEqual([status.version, status.version]);
    expect(modelHash(kept.parameters)).toBe(hash);
  }, 60_000);
});

describe('save', () => {
  it('[AD16] of a stopped run is answered with the checkpoint of its end', async () => {
    const { done } = await operated(await temporaryFolder(cleanup));
    const { checkpoint } = await done('stop');
    expect((await done('save')).checkpoint).toEqual(checkpoint);
  }, 60_000);

  it('[AD18] that the disk refuses is answered with the reason, and done once it can be', async () => {
    const folder = await temporaryFolder(cleanup);
    const { server, act, done } = await operated(folder);
    const began = new Date().toISOString();
    await done('save');
    const blobs = join(folder, 'blobs');
    const aside = join(folder, 'set aside');
    await rename(blobs, aside);
    await writeFile(blobs, '');
    await expect.poll(async () => (await act('save')).status, PATIENCE).toBe(500);
    const refused = (await (await act('save')).json()) as Record<string, unknown>;
    expect(refused['error']).toBe('SAVE_FAILED');
    expect(refused['message']).toContain(blobs);
    const { checkpointFailure } = server.snapshot();
    expect((checkpointFailure?.failedAt ?? '') > began).toBe(true);
    await rm(blobs);
    await rename(aside, blobs);
    expect((await done('save')).checkpointFailure).toBeNull();
  }, 60_000);
});
