import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FromNodeWorker } from '../../client/node/messages.ts';
import { chromiumSetting } from '../config/config.ts';
import { findChromium } from './chromium.ts';
import { launchBrowser, launchOptions, openTabs } from './launch.ts';

/** What the volunteer page promises to the swarm, and nothing else. */
const PAGE = `<button data-testid="toggle">Start</button><p data-testid="engine"></p><script>
  const visits = Number(localStorage.visits ?? 0) + 1;
  localStorage.visits = visits;
  document.querySelector('button').onclick = () => {
    const engine = new URLSearchParams(location.search).get('engine');
    document.querySelector('p').dataset.value = engine + visits + location.hash;
    setTimeout(() => { throw new Error('worker failed'); });
    dispatchEvent(new CustomEvent('tabswarmNews', { detail: { type: 'workers', count: 1 } }));
  };
</script>`;

const BROWSER_MS = 60_000;
let server: Server;
let origin: string;
let executablePath: string;
const lines: string[] = [];
const heard: [number, FromNodeWorker][] = [];
const swarmOptions = (path: string) =>
  ({
    url: `${origin}${path}`,
    tabs: 2,
    engine: 'wasm',
    tabWorkers: 1,
    transport: 'auto',
    browser: launchBrowser(executablePath),
    log: (line: string) => lines.push(line),
    hear: (tab: number, news: FromNodeWorker) => heard.push([tab, news]),
  }) as const;

beforeAll(async () => {
  ({ executablePath } = await findChromium(chromiumSetting()));
  server = createServer((request, response) => {
    const found = request.url?.startsWith('/?') === true;
    response.writeHead(found ? 200 : 404, { 'content-type': 'text/html' }).end(found ? PAGE : 'none');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 600_000);

afterAll(() => server.close());

describe('openTabs', () => {
  it(
    'opens tabs that are devices of their own, presses start, and tells of errors and of the end',
    async () => {
      const swarm = await openTabs(swarmOptions('/#join=s'));
      expect(swarm.tabs).toHaveLength(2);
      expect(await swarm.engines()).toEqual(['wasm1#join=s', 'wasm1#join=s']);
      await expect.poll(() => lines).toContain('tab 2: worker failed');
      for (const tab of [0, 1]) expect(heard).toContainEqual([tab, { type: 'workers', count: 1 }]);
      await swarm.close();
      expect(await swarm.ended).toBe('closed');
    },
    BROWSER_MS,
  );

  it(
    'tells when the browser dies',
    async () => {
      const swarm = await openTabs(swarmOptions('/'));
      await swarm.tabs[0]?.context().browser()?.close();
      expect(await swarm.ended).toBe('died');
    },
    BROWSER_MS,
  );

  it(
    'says in one sentence what it cannot open',
    async () => {
      await expect(openTabs(swarmOptions('/nowhere'))).rejects.toThrow(`${origin}/nowhere/ answers 404`);
      const closed = { ...swarmOptions('/'), url: 'http://127.0.0.1:2/' };
      await expect(openTabs(closed)).rejects.toThrow(
        'http://127.0.0.1:2/ cannot be opened: nothing listens there.',
      );
    },
    BROWSER_MS,
  );
});

it('gives the sandbox up only for root on Linux', () => {
  expect(launchOptions('linux', true).chromiumSandbox).toBe(false);
  expect(launchOptions('linux', false).chromiumSandbox).toBe(true);
  expect(launchOptions('darwin', true).chromiumSandbox).toBe(true);
});
