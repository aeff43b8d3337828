import { afterEach, describe, expect, it } from 'vitest';
import { startNodeWorkers } from '../client/node/workers.ts';
import { openReverseProxy } from './support/reverseProxy.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* How devices come to a server by the address that they are given. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 60_000;

describe('workers without a browser', () => {
  it(
    'train on a server that a proxy has below a path of its own',
    async () => {
      const server = await startServer(cleanup, ['--model', 'ray-convnet']);
      const base = await openReverseProxy(cleanup, server.url, { prefix: '/swarm' });
      const log = (line: string) => server.log.push(line);
      const workers = startNodeWorkers({ server: base, join: '', workers: 1, selfSigned: false, log });
      cleanup.add(() => workers.close());
      await expect.poll(() => server.snapshot().devices[0]?.applied ?? 0, PATIENCE).toBeGreaterThan(1);
    },
    SLOW_MS,
  );
});
