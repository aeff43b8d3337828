import { afterEach, describe, expect, it } from 'vitest';
import { SHARD_SECRET, startShardProcess } from './support/shardProcess.ts';
import { openBrowser, openTab } from './support/tabs.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

/* Real tabs in a real browser against a real server. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 60_000 };
const SLOW_MS = 180_000;

describe('tabs', () => {
  it(
    '[EV1] two reach a target that the server measured on all test images',
    async () => {
      const server = await startServer(cleanup, ['--target', '0.8', '--evaluate-every', '20']);
      const browser = await openBrowser(cleanup);
      for (let tab = 0; tab < 2; tab++) await openTab(browser, server.url);
      await server.training.run.ended();
      const status = server.training.run.status();
      expect(status).toMatchObject({ stop: 'target', testImages: 10_000, devices: 2 });
      expect(status.testAccuracy).toBeGreaterThanOrEqual(0.8);
      expect(server.training.run.measurements.at(-1)?.version).toBe(status.version);
      expect(server.snapshot().devices.every(({ applied }) => applied > 0)).toBe(true);
    },
    SLOW_MS,
  );

  it(
    '[PO9] [LS4] [LS10] three in a sync round, two push, the third is killed: one of the two does its work as well',
    async () => {
      const flags = [
        '--model',
        'ray-convnet',
        '--mode',
        'sync',
        '--round-size',
        '3',
        '--lease-seconds',
        '4',
        '--batch',
        '32',
        '--evaluate-every',
        '0',
      ];
      const server = await startServer(cleanup, [...flags, '--max-commits', '1']);
      const browser = await openBrowser(cleanup);
      for (let tab = 0; tab < 2; tab++) await openTab(browser, server.url);
      // The third takes its lease and never gets the data for it.
      const third = await openTab(browser, server.url, {
        prepare: (page) => page.context().route('**/data/*.bin', () => undefined),
      });
      const states = () =>
        server
          .snapshot()
          .devices.map(({ state }) => state)
          .sort();
      await expect.poll(states, PATIENCE).toEqual(['waiting', 'waiting', 'working']);
      expect(server.training.coordinator.version).toBe(0);
      await third.context().close();
      await server.training.run.ended();
      expect(server.training.run.status()).toMatchObject({ version: 1, samples: 96, stop: 'max-commits' });
    },
    SLOW_MS,
  );

  it(
    '[LS2] [LS12] one that hangs in a sync round is counted out and the others go on',
    async () => {
      const server = await startServer(cleanup, [
        '--mode',
        'sync',
        '--lease-seconds',
        '3',
        '--evaluate-every',
        '0',
      ]);
      const browser = await openBrowser(cleanup);
      await openTab(browser, server.url);
      await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(2);
      await openTab(browser, server.url, {
        prepare: (page) => page.context().route('**/data/*.bin', () => undefined),
      });
      await expect
        .poll(() => server.snapshot().devices.some(({ state }) => state === 'silent'), PATIENCE)
        .toBe(true);
      const { version } = server.training.coordinator;
      await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(version + 5);
    },
    SLOW_MS,
  );

  it(
    '[CK8] a tab goes on automatically when its server comes back',
    async () => {
      const folder = await temporaryFolder(cleanup);
      const flags = ['--data-dir', folder, '--evaluate-every', '0'];
      const first = await startServer(cleanup, flags);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, first.url);
      await expect.poll(() => first.training.coordinator.version, PATIENCE).toBeGreaterThan(5);
      await first.training.run.stop('interrupted');
      const { version } = first.training.coordinator;
      await first.close();
      await expect
        .poll(() => page.getByTestId('state').getAttribute('data-state'), PATIENCE)
        .toBe('connecting');
      const port = new URL(first.url).port;
      const second = await startServer(cleanup, [...flags, '--port', port]);
      await expect.poll(() => second.training.coordinator.version, PATIENCE).toBeGreaterThan(version + 5);
      await expect
        .poll(() => page.getByTestId('state').getAttribute('data-state'), PATIENCE)
        .toBe('training');
    },
    SLOW_MS,
  );

  it(
    '[CM8] two shard processes, reached through the shard map, end at the hash of shards in this process',
    async () => {
      const flags = [
        '--model',
        'ray-convnet',
        '--mode',
        'sync',
        '--round-size',
        '2',
        '--seed',
        '5',
        '--lease-seconds',
        '600',
        '--evaluate-every',
        '0',
      ];
      const hashOn = async (shards: string) => {
        const own = new Cleanup();
        const server = await startServer(own, [...flags, '--max-commits', '12', '--shards', shards], {
          environment: { TABSWARM_SHARD_SECRET: SHARD_SECRET },
        });
        const browser = await openBrowser(own);
        for (let tab = 0; tab < 2; tab++) await openTab(browser, server.url);
        await server.training.run.ended();
        const hash = await server.hash();
        await own.run();
        return hash;
      };
      const processes = [await startShardProcess(cleanup), await startShardProcess(cleanup)];
      expect(await hashOn(processes.map(({ url }) => url).join(','))).toBe(await hashOn('2'));
    },
    SLOW_MS,
  );

  it(
    '[TL1] one joins over https with the certificate made on the spot, in a secure context',
    async () => {
      const server = await startServer(cleanup, ['--https', '--evaluate-every', '0']);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url, { ignoreHTTPSErrors: true });
      expect(await page.evaluate(() => isSecureContext)).toBe(true);
      await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(0);
    },
    SLOW_MS,
  );

  it(
    '[EN2] one trains on software WebGPU where that is asked for',
    async () => {
      const server = await startServer(cleanup, ['--model', 'ray-convnet', '--evaluate-every', '0']);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url, { query: 'engine=tfjs-webgpu' });
      await expect
        .poll(() => page.getByTestId('engine').getAttribute('data-value'), PATIENCE)
        .toBe('tfjs-webgpu');
      await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(0);
      expect(server.snapshot().devices[0]?.profile.engine).toMatchObject({
        name: 'tfjs-webgpu',
        software: true,
      });
    },
    SLOW_MS,
  );
});
