import { afterEach, describe, expect, it } from 'vitest';
import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { SHARD_SECRET, startShardProcess } from './support/shardProcess.ts';
import { thorough } from '../shared/testing/thorough.ts';
import { openBrowser, openTab } from './support/tabs.ts';
import { Cleanup, startServer, type TestServer } from './support/testServer.ts';

/* Updates in float16 against a real server: on one shard and on four, in processes, by socket and by data channel. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SLOW_MS = 110_000;
const TARGET = 0.9;
const HALF = ['--codec', 'float16'];
const LEARNING = [...HALF, '--seed', '2', '--target', String(TARGET), '--max-seconds', '100'];
const COMMITS = thorough ? 4 : 2;
const REPEATABLE = ['--repeatable', '--round-size', '2', '--seed', '4', '--evaluate-every', '0'];
const LIMITED = [...REPEATABLE, '--max-commits', String(COMMITS)];

/** Two workers without a browser, which have their sockets alone. */
function startWorkers({ url, log }: TestServer, own: Cleanup) {
  const workers = startNodeWorkers({
    server: url,
    join: '',
    workers: 2,
    selfSigned: false,
    hear: troublesOf('worker', (line) => log.push(line)),
  });
  own.add(() => workers.close());
}

/** What a run of a few commits comes to, and the bytes that its updates took. */
async function resultOf(flags: string[]) {
  const own = new Cleanup();
  try {
    const environment = { TABSWARM_SHARD_SECRET: SHARD_SECRET };
    const server = await startServer(own, [...LIMITED, ...flags], { environment });
    startWorkers(server, own);
    await server.training.run.ended();
    const { bytesUp, status } = server.snapshot();
    return { hash: await server.hash(), version: status.version, bytesUp };
  } finally {
    await own.run();
  }
}

describe('updates in float16', () => {
  it(
    '[CD3] [CD8] [RN8] give the same model on one shard, on four and on two processes, in half the bytes of float32',
    async () => {
      const processes = [await startShardProcess(cleanup), await startShardProcess(cleanup)];
      const whole = await resultOf(['--codec', 'float32']);
      const half = await resultOf(HALF);
      expect(half.version).toBe(COMMITS);
      for (const shards of ['4', processes.map(({ url }) => url).join(',')]) {
        expect(await resultOf([...HALF, '--shards', shards])).toMatchObject({ hash: half.hash });
      }
      expect(half.hash).not.toBe(whole.hash);
      expect(half.bytesUp / whole.bytesUp).toBeCloseTo(0.5, 1);
    },
    SLOW_MS,
  );

  it(
    '[CD6] train to a target by socket, on one shard',
    async () => {
      const server = await startServer(cleanup, LEARNING);
      startWorkers(server, cleanup);
      await server.training.run.ended();
      const { status, devices } = server.snapshot();
      expect(status.stop).toBe('target');
      expect(status.testAccuracy).toBeGreaterThanOrEqual(TARGET);
      expect(devices.map(({ lost, traffic }) => [lost, traffic.newest])).toEqual([
        [0, 'socketio'],
        [0, 'socketio'],
      ]);
    },
    SLOW_MS,
  );

  it(
    '[CD6] train to a target by the data channel of a tab, on four shards',
    async () => {
      const server = await startServer(cleanup, [...LEARNING, '--shards', '4', '--transport', 'webrtc']);
      await openTab(await openBrowser(cleanup), server.url);
      await server.training.run.ended();
      const { status, bytesUp, devices } = server.snapshot();
      expect(status.stop).toBe('target');
      expect(devices).toMatchObject([{ lost: 0, traffic: { newest: 'webrtc', webrtc: { bytesUp } } }]);
    },
    SLOW_MS,
  );
});
