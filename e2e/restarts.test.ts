import { afterEach, describe, expect, it } from 'vitest';
import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { thorough } from '../shared/testing/thorough.ts';
import { stopAndStart } from './support/stopAndStart.ts';
import { openBrowser, openTab } from './support/tabs.ts';
import { Cleanup, startServer, type TestServer } from './support/testServer.ts';

/* Runs that an admin stops and starts again while real devices are at work. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const TIMES = thorough ? 10 : 3;
const PATIENCE_MS = 30_000;
const SLOW_MS = 180_000;

/** Whether the device shows that it trains. */
type Check = () => unknown;

async function tab(server: TestServer, transport: string): Promise<Check> {
  const browser = await openBrowser(cleanup);
  const query = `engine=wasm&workers=2&transport=${transport}`;
  const page = await openTab(browser, server.url, { query });
  return () =>
    expect
      .poll(() => page.getByTestId('state').textContent(), { timeout: PATIENCE_MS })
      .toMatch(/^training/i);
}

function nodeWorkers(server: TestServer): Promise<Check> {
  const hear = troublesOf('worker', (line) => server.log.push(line));
  const running = startNodeWorkers({ server: server.url, join: '', workers: 2, selfSigned: false, hear });
  cleanup.add(() => running.close());
  return Promise.resolve(() => {
    expect(server.log).toEqual([]);
  });
}

const DEVICES: [string, (server: TestServer) => Promise<Check>][] = [
  ['a tab by socket', (server) => tab(server, 'socketio')],
  ['a tab by data channel', (server) => tab(server, 'webrtc')],
  ['workers without a browser', nodeWorkers],
];

describe.each(['sync', 'async'])('%s', (mode) => {
  it.each(DEVICES)(
    '[LS9] [LS19] [RN4] training on %s goes on after each stop and start',
    async (_, join) => {
      const server = await startServer(cleanup, ['--mode', mode, '--evaluate-every', '0']);
      const isShown = await join(server);
      for (let time = 0; time < TIMES; time++) await stopAndStart(server, PATIENCE_MS);
      const { status, devices } = server.snapshot();
      expect(status.state).toBe('running');
      await isShown();
      expect(devices.map(({ state }) => state)).not.toContain('faulty');
    },
    SLOW_MS,
  );
});
