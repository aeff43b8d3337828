import { afterEach, describe, expect, it } from 'vitest';
import { startNodeWorkers } from '../client/node/workers.ts';
import { troublesOf } from '../client/node/troubles.ts';
import type { Welcome } from '../shared/protocol/messages.ts';
import { startCommand } from './support/commandProcess.ts';
import { openFakeServer } from './support/fakeServer.ts';
import { openReverseProxy } from './support/reverseProxy.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* How devices come to a server by the address that they are given, and what the commands that start them say of it. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 90_000;
const SMALL = ['--model', 'ray-convnet', '--evaluate-every', '0'];

describe('workers without a browser', () => {
  it(
    'train on a server that a proxy has below a path of its own',
    async () => {
      const server = await startServer(cleanup, SMALL);
      const base = await openReverseProxy(cleanup, server.url, { prefix: '/swarm' });
      const hear = troublesOf('worker', (line) => server.log.push(line));
      const workers = startNodeWorkers({ server: base, join: '', workers: 1, selfSigned: false, hear });
      cleanup.add(() => workers.close());
      await expect.poll(() => server.snapshot().devices[0]?.applied ?? 0, PATIENCE).toBeGreaterThan(1);
    },
    SLOW_MS,
  );
});

/** A port that nothing listens on, of a server that has ended. */
async function portOfBefore(): Promise<string> {
  const before = await startServer(cleanup, SMALL);
  await before.close();
  return new URL(before.url).port;
}

describe('npm run worker', () => {
  it(
    '[CL1] [CL2] waits for its server, and says what the run does, that the server is lost and that it is back',
    async () => {
      const port = await portOfBefore();
      const url = `http://127.0.0.1:${port}/`;
      const worker = startCommand(cleanup, 'worker', ['--url', url, '--workers', '2']);
      await worker.said(/cannot be joined: nothing listens there\. Trying again every 5 s\.$/);
      const server = await startServer(cleanup, ['--port', port, ...SMALL]);
      await worker.said(/^worker \d trains with wasm \(/);
      await worker.said(/^0:\d\d {2}[\d,]+ commits? .* here \d of 2 workers at work {2}[\d,]+ samples\/s$/);
      server.training.run.pause();
      await worker.said(/^The run of ray-convnet is paused\./);
      await server.training.run.start();
      await worker.said(/^The run of ray-convnet goes on\./);
      await server.training.run.stop('stopped');
      await worker.said(/^The run of ray-convnet was stopped by its operator\./);
      await server.close();
      await worker.said(/^The connection to \S+ is lost: nothing listens there\. Trying again every 5 s\.$/);
      // The run of the next server may go on too: what is said once is said of this one. A plan may do without a worker
      // and come back to it, any number of times.
      const once = worker.lines.filter((line) => !/^\d+:\d\d |^worker \d (waits: |has work\.)/.test(line));
      expect(once).toEqual([...new Set(once)]);
      await startServer(cleanup, ['--port', port, ...SMALL]);
      await worker.said(/^Connected to \S+ again\.$/);
      worker.signal('SIGINT');
      expect(await worker.ended).toBe(0);
    },
    SLOW_MS,
  );

  it(
    '[CL4] ends with 2 and a sentence where a proxy lets no WebSocket through',
    async () => {
      const server = await startServer(cleanup, SMALL);
      const base = await openReverseProxy(cleanup, server.url, { prefix: '/swarm', upgrades: false });
      const worker = startCommand(cleanup, 'worker', ['--url', base]);
      expect(await worker.ended).toBe(2);
      expect(worker.lines.at(-1)).toBe(
        `tabswarm: ${base} cannot be joined: its pages come, but no WebSocket: a proxy has to pass /swarm/socket.io/ with upgrades.`,
      );
    },
    SLOW_MS,
  );

  it(
    '[CL3] [CL5] [AU3] ends with 2 and a sentence where the credential is not the one of the server',
    async () => {
      const server = await startServer(cleanup, ['--join', 'secret', ...SMALL]);
      const worker = startCommand(cleanup, 'worker', ['--url', server.url, '--join', 'guess']);
      expect(await worker.ended).toBe(2);
      expect(worker.lines.at(-1)).toMatch(/^worker 1 cannot go on: .* credential to join; .*--join\.$/);
    },
    SLOW_MS,
  );

  it(
    '[PR9] ends with 1 and the field that was wrong where the server sends a lease that cannot be read',
    async () => {
      const welcome: Welcome = {
        outcome: 'OK',
        device: '0123456789ab',
        token: 'a'.repeat(32),
        dataChannels: null,
      };
      const url = await openFakeServer(
        cleanup,
        () => welcome,
        (socket) => void socket.emit('lease', { terms: {}, unit: 'none' }),
      );
      const worker = startCommand(cleanup, 'worker', ['--url', url]);
      expect(await worker.ended).toBe(1);
      expect(worker.lines.at(-1)).toMatch(
        /^worker 1 cannot go on: the server sent a lease that cannot be read: terms\.\w+: .+$/,
      );
    },
    SLOW_MS,
  );

  it(
    '[CL2] [PL15] says why the plan has no work for it',
    async () => {
      const server = await startServer(cleanup, ['--requires', 'room:lab', ...SMALL]);
      const worker = startCommand(cleanup, 'worker', ['--url', server.url, '--label', 'room:hall']);
      await worker.said(/^worker 1 waits: in reserve: this run requires room: lab\.$/);
      worker.signal('SIGINT');
      expect(await worker.ended).toBe(0);
    },
    SLOW_MS,
  );

  it(
    '[CL6] says that the server is full, and when it tries again',
    async () => {
      const url = await openFakeServer(cleanup, () => ({ outcome: 'FULL' }));
      const worker = startCommand(cleanup, 'worker', ['--url', url]);
      await worker.said(/^worker 1 is not let in: .* It tries again every 30 s\.$/);
      worker.signal('SIGINT');
      expect(await worker.ended).toBe(0);
    },
    SLOW_MS,
  );
});

describe('npm run swarm', () => {
  it(
    '[CL2] says what its tabs train with, how the run does, and that the server is lost',
    async () => {
      const server = await startServer(cleanup, SMALL);
      const swarm = startCommand(cleanup, 'swarm', ['--url', server.url, '--tabs', '1']);
      await swarm.said(/^Connected to /);
      await swarm.said(/^tab 1 trains with \w+/);
      await swarm.said(/^0:\d\d {2}[\d,]+ commits? .* here [01] of 1 tab at work /);
      await server.close();
      await swarm.said(/^The connection to \S+ is lost: nothing listens there\. Trying again every 5 s\.$/);
      swarm.signal('SIGINT');
      expect(await swarm.ended).toBe(0);
    },
    SLOW_MS,
  );

  it(
    '[CL3] [CL5] [AU3] ends with 2 and a sentence where the credential is not the one of the server',
    async () => {
      const server = await startServer(cleanup, ['--join', 'secret', ...SMALL]);
      const swarm = startCommand(cleanup, 'swarm', ['--url', server.url]);
      expect(await swarm.ended).toBe(2);
      expect(swarm.lines.at(-1)).toMatch(/^tab \d cannot go on: .* credential to join; .*--join\.$/);
    },
    SLOW_MS,
  );
});
