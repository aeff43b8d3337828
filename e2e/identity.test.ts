import type { Page } from 'playwright';
import { afterEach, describe, expect, it } from 'vitest';
import { startNodeWorkers } from '../client/node/workers.ts';
import { openBrowser, openTab } from './support/tabs.ts';
import { Cleanup, startServer, temporaryFolder, type TestServer } from './support/testServer.ts';

/* The devices that real tabs and workers are, over reloads, beside each other, and when their server comes back. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 60_000 };
const SLOW_MS = 180_000;
const SMALL = ['--model', 'ray-convnet', '--mode', 'async', '--evaluate-every', '0'];

const samplesOn = async (page: Page) => Number(await page.getByTestId('samples').getAttribute('data-value'));

/** The device that a tab is. */
const deviceOf = (page: Page) => page.evaluate(() => sessionStorage.getItem('tabswarm.identity /'));

/** Updates that were applied, by device. */
const appliedBy = ({ snapshot }: Pick<TestServer, 'snapshot'>) =>
  new Map(snapshot().devices.map(({ device, applied }) => [device, applied]));

const present = ({ snapshot }: Pick<TestServer, 'snapshot'>) =>
  snapshot()
    .devices.filter(({ state }) => state !== 'gone')
    .map(({ device }) => device)
    .sort();

/** Waits until so many devices are here and each has had an update applied since. */
async function allTrain(server: TestServer, devices: number): Promise<string[]> {
  await expect.poll(() => present(server).length, PATIENCE).toBe(devices);
  const before = appliedBy(server);
  const trains = () =>
    present(server).filter((device) => (appliedBy(server).get(device) ?? 0) > (before.get(device) ?? 0));
  await expect.poll(() => trains().length, PATIENCE).toBe(devices);
  return trains();
}

/** A second tab of the same browser. */
async function openBeside(page: Page, prepare: (tab: Page) => Promise<unknown>): Promise<Page> {
  const tab = await page.context().newPage();
  await prepare(tab);
  await tab.goto(page.url());
  await tab.getByTestId('toggle').click();
  return tab;
}

describe('a tab', () => {
  it(
    '[PG16] [AU2] is the same device, and shows its figures, after a reload and when it is closed and opened again',
    async () => {
      const server = await startServer(cleanup, SMALL);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url);
      const before = await allTrain(server, 1);
      const samples = await samplesOn(page);
      expect(samples).toBeGreaterThan(0);
      await page.reload();
      await expect.poll(() => samplesOn(page), PATIENCE).toBeGreaterThanOrEqual(samples);
      await page.getByTestId('toggle').click();
      expect(await allTrain(server, 1)).toEqual(before);
      const later = await samplesOn(page);
      const again = await openBeside(page, () => page.close({ runBeforeUnload: false }));
      await expect.poll(() => samplesOn(again), PATIENCE).toBeGreaterThanOrEqual(later);
      expect(await allTrain(server, 1)).toEqual(before);
      expect(server.snapshot().devices).toHaveLength(1);
    },
    SLOW_MS,
  );

  it(
    '[PG17] is another device than the other tabs of its browser, one that it was duplicated from too',
    async () => {
      const server = await startServer(cleanup, SMALL);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url);
      const [first] = await allTrain(server, 1);
      await openBeside(page, () => Promise.resolve());
      await allTrain(server, 2);
      const session = await page.evaluate(() => Object.entries(sessionStorage));
      await openBeside(page, (tab) =>
        tab.addInitScript(
          (entries: [string, string][]) => {
            for (const [key, value] of entries) sessionStorage.setItem(key, value);
          },
          session as [string, string][],
        ),
      );
      await allTrain(server, 3);
      expect(await deviceOf(page)).toBe(first);
    },
    SLOW_MS,
  );

  it(
    '[PG18] goes on as another device where another tab took its own without asking',
    async () => {
      const server = await startServer(cleanup, SMALL);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url);
      const [first] = await allTrain(server, 1);
      await openBeside(page, (tab) =>
        tab.addInitScript(() => {
          BroadcastChannel.prototype.postMessage = () => undefined;
        }),
      );
      expect(await allTrain(server, 2)).toContain(first);
      await expect.poll(() => deviceOf(page), PATIENCE).not.toBe(first);
      expect(await page.getByTestId('failure').isVisible()).toBe(false);
    },
    SLOW_MS,
  );
});

it(
  '[AU2] [PG16] a tab and a worker train on as the same devices, with their history, when their server comes back',
  async () => {
    const folder = await temporaryFolder(cleanup);
    const flags = ['--data-dir', folder, ...SMALL];
    const first = await startServer(cleanup, flags);
    const browser = await openBrowser(cleanup);
    const page = await openTab(browser, first.url);
    const workers = startNodeWorkers({
      server: first.url,
      join: '',
      workers: 1,
      selfSigned: false,
      hear: () => undefined,
    });
    cleanup.add(() => workers.close());
    const before = await allTrain(first, 2);
    await first.training.run.stop('interrupted');
    await first.close();
    const history = appliedBy(first);
    const samples = await samplesOn(page);
    const second = await startServer(cleanup, [...flags, '--port', new URL(first.url).port]);
    expect((await allTrain(second, 2)).sort()).toEqual(before.sort());
    for (const device of before)
      expect(appliedBy(second).get(device)).toBeGreaterThan(history.get(device) ?? 0);
    await expect.poll(() => samplesOn(page), PATIENCE).toBeGreaterThan(samples);
  },
  SLOW_MS,
);
