import { afterEach, describe, expect, it } from 'vitest';
import { openBrowser, openTab } from './support/tabs.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* Data channels of real tabs against a real server. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 60_000 };
const SLOW_MS = 180_000;
const SMALL_UNITS = ['--model', 'ray-convnet', '--mode', 'async', '--batch', '32', '--evaluate-every', '0'];

describe('data channels', () => {
  it(
    '[TR9] two tabs train over them; when these are cut they go on by the socket, nothing lost and nothing twice',
    async () => {
      const server = await startServer(cleanup, [...SMALL_UNITS, '--transport', 'webrtc']);
      const browser = await openBrowser(cleanup);
      for (let tab = 0; tab < 2; tab++) await openTab(browser, server.url);
      const traffic = () => server.snapshot().devices.map((device) => device.traffic);
      await expect
        .poll(() => traffic().map(({ webrtc }) => webrtc.bytesUp > 100_000), PATIENCE)
        .toEqual([true, true]);
      // Wanted from the first unit on: the socket has carried nothing yet.
      expect(traffic().map(({ newest, socketio }) => [newest, socketio.bytesUp])).toEqual([
        ['webrtc', 0],
        ['webrtc', 0],
      ]);
      const before = server.snapshot().status.version;
      server.cutChannels();
      await expect
        .poll(() => traffic().map(({ socketio }) => socketio.bytesUp > 100_000), PATIENCE)
        .toEqual([true, true]);
      // And back over a new channel, which a device opens by itself.
      const over = traffic().map(({ webrtc }) => webrtc.bytesUp);
      await expect
        .poll(() => traffic().every(({ webrtc }, index) => webrtc.bytesUp > (over[index] ?? 0)), PATIENCE)
        .toBe(true);
      await server.training.run.stop('stopped');
      const { status, devices } = server.snapshot();
      expect(status.version).toBeGreaterThan(before);
      // In async each applied lease is a commit: as many, of as many samples, as the devices were told.
      expect(devices.reduce((sum, { applied }) => sum + applied, 0)).toBe(status.version);
      expect(status.samples).toBe(32 * status.version);
      expect(devices.map(({ state }) => state)).not.toContain('faulty');
    },
    SLOW_MS,
  );

  it(
    '[TR2] a tab begins by its socket and takes the data channel over when it is open',
    async () => {
      const server = await startServer(cleanup, SMALL_UNITS);
      const browser = await openBrowser(cleanup);
      await openTab(browser, server.url);
      const traffic = () => server.snapshot().devices[0]?.traffic;
      await expect.poll(() => traffic()?.newest, PATIENCE).toBe('webrtc');
      expect(traffic()?.socketio.bytesUp).toBeGreaterThan(0);
      await openTab(browser, server.url, { query: 'engine=wasm&workers=1&transport=socketio' });
      await expect
        .poll(() => server.snapshot().devices[1]?.traffic.socketio.bytesUp ?? 0, PATIENCE)
        .toBeGreaterThan(100_000);
      expect(server.snapshot().devices[1]?.traffic.webrtc.bytesUp).toBe(0);
    },
    SLOW_MS,
  );

  it(
    '[TR5] with four shards in the server all goes by one channel and one port',
    async () => {
      const flags = [...SMALL_UNITS, '--shards', '4', '--transport', 'webrtc'];
      const server = await startServer(cleanup, flags);
      const browser = await openBrowser(cleanup);
      await openTab(browser, server.url);
      await expect
        .poll(() => server.snapshot().devices[0]?.traffic.webrtc.bytesUp ?? 0, PATIENCE)
        .toBeGreaterThan(100_000);
      expect(server.channelPeers()).toBe(1);
    },
    SLOW_MS,
  );
});
