import { afterAll, describe, expect, it } from 'vitest';
import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { SHARD_SECRET, startShardProcess } from './support/shardProcess.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* Aggregation rules in whole runs, with the engine that trains, on shards in this process and in others. */

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const RUN = [
  ...['--repeatable', '--round-size', '3', '--max-commits', '2', '--evaluate-every', '0', '--seed', '4'],
  ...['--local-steps', '10'],
];
const RULES = ['trimmedMean', 'geometricMedian'];

let processes: Promise<string> | null = null;
/** The addresses of two shard processes, which serve one run after another. */
const shardProcesses = () =>
  (processes ??= Promise.all([startShardProcess(cleanup), startShardProcess(cleanup)]).then((started) =>
    started.map(({ url }) => url).join(','),
  ));

/** The model that a worker comes to by a rule. */
async function hashOf(aggregation: string, shards: string): Promise<string> {
  const own = new Cleanup();
  try {
    const server = await startServer(own, [...RUN, '--aggregation', aggregation, '--shards', shards], {
      environment: { TABSWARM_SHARD_SECRET: SHARD_SECRET },
    });
    const workers = startNodeWorkers({
      server: server.url,
      join: '',
      workers: 1,
      selfSigned: false,
      hear: troublesOf('worker', (line) => server.log.push(line)),
    });
    own.add(() => workers.close());
    await server.training.run.ended();
    expect(server.training.run.status()).toMatchObject({ version: 2, stop: 'max-commits' });
    return await server.hash();
  } finally {
    await own.run();
  }
}

let byMean: Promise<string> | null = null;

describe.each(RULES)('a run by %s', (rule) => {
  it('[CM4] [CM8] [RN8] comes to the same model on one shard, on four, and on two in processes of their own', async () => {
    const one = await hashOf(rule, '1');
    expect(await hashOf(rule, '4')).toBe(one);
    expect(await hashOf(rule, await shardProcesses())).toBe(one);
    expect(await (byMean ??= hashOf('mean', '1'))).not.toBe(one);
  }, 60_000);
});
