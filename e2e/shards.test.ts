import { afterEach, describe, expect, it } from 'vitest';
import { SHARD_SECRET, startShardProcess } from './support/shardProcess.ts';
import type { Training } from '../server/app/training.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { thorough } from '../shared/testing/thorough.ts';
import type { LiveChanges } from '../server/core/liveSettings.ts';
import { Cleanup, startServer, type TestServer } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SCRIPTED_RUN = [
  ...['--mode', 'sync', '--round-size', '2', '--seed', '3', '--lease-seconds', '3600'],
  ...['--optimizer', 'adam', '--lr', '0.01', '--evaluate-every', '0'],
  ...['--placement', 'uniform'],
];
/** Commits of a run, and when its state is kept or its settings change, and when that state is brought back. */
const COMMITS = thorough ? 25 : 10;
const EARLY = thorough ? 10 : 4;
const LATE = thorough ? 20 : 8;
const LIMIT = ['--max-commits', String(COMMITS)];
const SECRET = { TABSWARM_SHARD_SECRET: SHARD_SECRET };

/**
 * Runs the scripted run to its end on some shards and gives the model hash.
 * @param changes settings that change early, while leases are out.
 */
async function hashOn(
  shards: string,
  environment: Record<string, string> = {},
  changes: LiveChanges | null = null,
): Promise<string> {
  const server = await startServer(cleanup, [...SCRIPTED_RUN, ...LIMIT, '--shards', shards], {
    environment,
  });
  if (changes !== null) changeAfter(EARLY, server, changes);
  for (let worker = 0; worker < 2; worker++) startScriptedWorker(cleanup, server.url);
  await server.training.run.ended();
  const version = changes === null ? COMMITS : COMMITS + 1;
  expect(server.training.run.status()).toMatchObject({ version, updates: COMMITS, stop: 'max-commits' });
  const hash = await server.hash();
  await server.close();
  return hash;
}

/** Has settings change in the moment of a commit. */
function changeAfter(updates: number, { training }: TestServer, changes: LiveChanges): void {
  const { run, coordinator } = training;
  const committed = run.committed.bind(run);
  run.committed = () => {
    if (coordinator.updates === updates) run.configure(changes);
    committed();
  };
}

/** How an early state is kept, and brought back. */
const ROLLBACKS = {
  marked: {
    keep: ({ coordinator }: Training) => {
      coordinator.marks.mark(coordinator);
      coordinator.marks.judge(coordinator.version, true);
    },
    bringBack: ({ coordinator }: Training) => coordinator.restore(EARLY),
  },
  saved: {
    keep: ({ coordinator, run }: Training) => {
      coordinator.freeze();
      void run.save().then(() => coordinator.start());
    },
    bringBack: ({ coordinator, run }: Training) => {
      coordinator.freeze();
      void run.rollBack(EARLY).then(() => coordinator.start());
    },
  },
} as const;

/** The model hash of a run that is rolled back on the way. */
async function rolledBackOn(shards: string, way: keyof typeof ROLLBACKS, environment = {}): Promise<string> {
  const flags = [...SCRIPTED_RUN, ...LIMIT, '--shards', shards];
  const server = await startServer(cleanup, flags, { environment });
  const { run, coordinator } = server.training;
  const { keep, bringBack } = ROLLBACKS[way];
  const committed = run.committed.bind(run);
  run.committed = () => {
    if (coordinator.version === EARLY) keep(server.training);
    if (coordinator.version === LATE) bringBack(server.training);
    committed();
  };
  for (let worker = 0; worker < 2; worker++) startScriptedWorker(cleanup, server.url);
  await run.ended();
  expect(run.status()).toMatchObject({ version: COMMITS + 1, updates: COMMITS, stop: 'max-commits' });
  const hash = await server.hash();
  await server.close();
  return hash;
}

describe('shards', () => {
  it('[CM4] [CM8] two in processes of their own end at the hash of one, two and four in this process', async () => {
    const processes = [await startShardProcess(cleanup), await startShardProcess(cleanup)];
    const urls = processes.map(({ url }) => url).join(',');
    const remote = await hashOn(urls, SECRET);
    for (const shards of ['1', '2', '4']) expect(await hashOn(shards)).toBe(remote);
    // The processes took the next coordinator as they took the first.
    expect(await hashOn(urls, SECRET)).toBe(remote);
  }, 60_000);

  it('[CF8] two in processes of their own end at the hash of one and four in this process where settings change on the way', async () => {
    const processes = [await startShardProcess(cleanup), await startShardProcess(cleanup)];
    const urls = processes.map(({ url }) => url).join(',');
    const changes = [
      { lr: 0.003 },
      { optimizer: 'momentum', lr: 0.02, momentum: 0.5 },
    ] satisfies LiveChanges[];
    const hashes = new Set<string>([await hashOn('1')]);
    for (const change of changes) {
      const hash = await hashOn(urls, SECRET, change);
      for (const shards of ['1', '4']) expect(await hashOn(shards, {}, change)).toBe(hash);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(3);
  }, 120_000);

  it('[RS6] two in processes of their own end at the hash of one and four in this process where the run is rolled back on the way', async () => {
    const processes = [await startShardProcess(cleanup), await startShardProcess(cleanup)];
    const urls = processes.map(({ url }) => url).join(',');
    const hash = await rolledBackOn(urls, 'marked', SECRET);
    expect(await rolledBackOn(urls, 'saved', SECRET)).toBe(hash);
    for (const shards of ['1', '4']) {
      for (const way of ['marked', 'saved'] as const) expect(await rolledBackOn(shards, way)).toBe(hash);
    }
    expect(await hashOn('1')).not.toBe(hash);
  }, 120_000);

  it('[LS10] [LS21] [CM4] processes of their own let one worker do all of a round, with the same result', async () => {
    const { url } = await startShardProcess(cleanup);
    const alone = async (shards: string) => {
      const flags = ['--repeatable', '--round-size', '3', '--max-commits', '6', '--evaluate-every', '0'];
      const server = await startServer(cleanup, [...flags, '--shards', shards], { environment: SECRET });
      startScriptedWorker(cleanup, server.url);
      await server.training.run.ended();
      const hash = await server.hash();
      await server.close();
      return hash;
    };
    expect(await alone(url)).toBe(await alone('2'));
  }, 60_000);

  it('[RN5] a run that loses a shard process stops with shard-lost', async () => {
    const shard = await startShardProcess(cleanup);
    const server = await startServer(cleanup, [...SCRIPTED_RUN, '--shards', shard.url], {
      environment: SECRET,
    });
    for (let worker = 0; worker < 2; worker++) startScriptedWorker(cleanup, server.url);
    await expect.poll(() => server.training.coordinator.version, { timeout: 20_000 }).toBeGreaterThan(0);
    await shard.kill();
    await server.training.run.ended();
    expect(server.training.run.status().stop).toBe('shard-lost');
    expect(server.log.join('\n')).toContain(shard.url);
  });

  it('a shard process that serves a coordinator turns a second one away', async () => {
    const { url } = await startShardProcess(cleanup);
    await startServer(cleanup, [...SCRIPTED_RUN, '--shards', url], { environment: SECRET });
    await expect(
      startServer(cleanup, [...SCRIPTED_RUN, '--shards', url], { environment: SECRET }),
    ).rejects.toThrow('another coordinator');
  });

  it('a shard process with another secret is named, and nothing listens', async () => {
    const { url } = await startShardProcess(cleanup);
    const wrong = { TABSWARM_SHARD_SECRET: 'not it' };
    await expect(
      startServer(cleanup, [...SCRIPTED_RUN, '--shards', url], { environment: wrong }),
    ).rejects.toThrow(url);
  });
});
