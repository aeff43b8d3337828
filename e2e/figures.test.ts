import { afterEach, describe, expect, it } from 'vitest';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { openSlowLine } from './support/slowLine.ts';
import { Cleanup, startServer } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };

describe('what is known of a device', () => {
  it('[AD5] [AD10] has the uplink as the server measured it, and the rest with whose word it is', async () => {
    for (const shards of ['1', '2']) {
      const server = await startServer(cleanup, ['--evaluate-every', '0', '--shards', shards]);
      const line = await openSlowLine(cleanup, server.url, 100_000);
      startScriptedWorker(cleanup, line);
      const figures = () => server.snapshot().devices[0]?.figures;
      await expect.poll(() => figures()?.samplesPerSecond.source, PATIENCE).toBe('measured');
      // A busy machine is slower than the line by any measure, and never faster.
      expect(figures()?.uplink.value).toBeLessThan(150_000);
      expect(figures()).toMatchObject({
        uplink: { source: 'measured' },
        cores: { value: 1, source: 'reported' },
        memoryGiB: { value: null, source: 'unknown' },
        downlink: { source: 'unknown' },
        engines: [{ engine: 'scripted', samplesPerSecond: { source: 'measured' } }],
      });
      await cleanup.run();
    }
  });
});
