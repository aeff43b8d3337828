import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_LABELS, UNKNOWN_CONDITIONS, type CapabilityProfile } from '../shared/profile/profile.ts';
import { EVENTS } from '../shared/protocol/messages.ts';
import { NAMESPACES } from '../shared/protocol/version.ts';
import { ask, rawSocket } from './support/rawClient.ts';
import { politeHello } from './support/scriptedWorker.ts';
import { openBrowser, openPage, openTab } from './support/tabs.ts';
import { Cleanup, startServer, temporaryFolder, type TestServer } from './support/testServer.ts';

/* The pages with the longest of everything that a model, a device or a command line may name. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 120_000;
const WIDTHS = [320, 390, 768, 1280];

/** No place to break a line at, and the widest letters. */
const NAME = 'w'.repeat(64);
const FILE = `${'m'.repeat(200)}.json`;
const LABELS = Object.fromEntries(
  Array.from({ length: MAX_LABELS }, (_, index) => [
    `${String.fromCharCode(97 + index)}${'W'.repeat(62)}`,
    'M'.repeat(63),
  ]),
);
const [PREFERRED] = Object.entries(LABELS).map(([name, value]) => `${name}:${value}`);
const ENGINE = { name: 'wasm', detail: 'G'.repeat(200), software: true } as const;
const PROFILE: CapabilityProfile = {
  ...politeHello().profile,
  agent: 'B'.repeat(120),
  formFactor: 'tablet',
  cores: 1024,
  memoryGiB: 65_536,
  labels: LABELS,
  secureContext: false,
  engine: ENGINE,
  trials: [{ ...ENGINE, name: 'webgpu', verdict: 'wrong', reason: 'R'.repeat(200), samplesPerSecond: 1e9 }],
  workers: 32,
  conditions: { ...UNKNOWN_CONDITIONS, battery: { level: 0.5, charging: false }, metered: true },
};

/** A server of a model with a long name from a file with a longer one. */
async function startLongServer(): Promise<TestServer> {
  const file = join(await temporaryFolder(cleanup), FILE);
  const model = {
    name: NAME,
    input: [28, 28, 1],
    normalise: { mean: 0.1307, deviation: 0.3081 },
    layers: [{ kind: 'flatten' }, { kind: 'dense', units: 10 }],
    loss: 'softmax-cross-entropy',
    initialiser: 'pytorch',
  };
  await writeFile(file, JSON.stringify(model));
  const settings = [
    '--evaluate-every',
    '5',
    '--mode',
    'sync',
    '--placement',
    'ilp',
    '--prefers',
    PREFERRED ?? '',
  ];
  return startServer(cleanup, ['--model', file, ...settings]);
}

/** A device that has the longest of everything and never works. */
async function joinLongDevice(server: TestServer) {
  const socket = rawSocket(cleanup, server.url, NAMESPACES.coordinator);
  await ask(socket, EVENTS.hello, politeHello({ profile: PROFILE }));
  const { trials, workers, conditions } = PROFILE;
  await ask(socket, EVENTS.ready, { engine: ENGINE, trials, workers, conditions });
  return socket;
}

/** What is wider than its place: the document, or text that sticks out of the box that it is in. */
const tooWide = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const page = scrollWidth > clientWidth ? [`the page by ${scrollWidth - clientWidth}`] : [];
    const boxes = [...document.body.querySelectorAll<HTMLElement>('*')].filter((box) => {
      const { overflowX } = getComputedStyle(box);
      // What scrolls or is cut by itself is no wider than its place.
      return overflowX === 'visible' && box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1;
    });
    return [...page, ...boxes.map((box) => `${box.tagName} #${box.id} .${box.className}`)];
  });

async function expectFit(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    expect.soft(await tooWide(page), `${name} at ${width}`).toEqual([]);
  }
}

describe('the layout', () => {
  it(
    '[PG4] of the volunteer page holds the longest names',
    async () => {
      const server = await startLongServer();
      const browser = await openBrowser(cleanup);
      const query = `engine=wasm&workers=${'9'.repeat(60)}&label=${'L'.repeat(300)}`;
      const page = await openTab(browser, server.url, { query });
      await expect.poll(() => page.getByTestId('run').innerText(), PATIENCE).toContain(NAME);
      await expect.poll(() => page.getByTestId('engine').innerText(), PATIENCE).toContain('WebAssembly');
      await expectFit(page, 'layout-volunteer');
    },
    SLOW_MS,
  );

  it(
    '[PG4] of the console holds the longest names',
    async () => {
      const server = await startLongServer();
      await joinLongDevice(server);
      const gone = await joinLongDevice(server);
      server.training.placement.direct({ constraints: [{ selector: { labels: LABELS }, dataShards: [0] }] });
      const browser = await openBrowser(cleanup);
      const page = await openPage(browser, server.adminUrl);
      await expect.poll(() => page.getByTestId('device-row').count(), PATIENCE).toBe(2);
      expect(await page.locator('#model').innerText()).toBe(NAME);
      expect(await page.getByTestId('settings').innerText()).toContain(FILE);
      gone.disconnect();
      await expect.poll(() => page.locator('tr[data-state=gone]').count(), PATIENCE).toBe(1);
      await expectFit(page, 'layout-console');
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        // A row of the longest is no taller than a screen, and has all of it for whoever hovers.
        const row = page.getByTestId('device-row').first();
        expect((await row.boundingBox())?.height).toBeLessThan(900);
        const agent = row.locator('td[data-key=agent] .detail');
        for (const name of Object.keys(LABELS)) expect(await agent.getAttribute('title')).toContain(name);
      }
    },
    SLOW_MS,
  );
});
