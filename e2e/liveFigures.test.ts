import type { Page } from 'playwright';
import { afterEach, describe, expect, it } from 'vitest';
import { openBrowser, openPage, openTab } from './support/tabs.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* What the pages show when a run pauses, ends, or cannot be reached. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 120_000;

const value = (page: Page, id: string) => page.getByTestId(id).getAttribute('data-value');
const number = async (page: Page, id: string) => Number(await value(page, id));
const stateOf = (page: Page) => page.getByTestId('state').getAttribute('data-state');
const text = (page: Page, id: string) => page.getByTestId(id).innerText();
const isLit = (page: Page) => page.locator('#dot').evaluate((dot) => dot.classList.contains('on'));

describe('the figures of the pages', () => {
  it(
    '[PG1] [PG7] stand at 0 while the run is paused, and are told as old when the server is gone',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url);
      const console = await openPage(browser, server.adminUrl);
      for (const [shown, id] of [
        [page, 'rate'],
        [console, 'rate'],
        [console, 'commit-rate'],
      ] as const) {
        await expect.poll(() => number(shown, id), PATIENCE).toBeGreaterThan(0);
      }
      server.training.run.pause();
      await expect.poll(() => stateOf(console), PATIENCE).toBe('paused');
      expect([await value(console, 'rate'), await value(console, 'commit-rate')]).toEqual(['0', '0']);
      await expect.poll(() => text(page, 'state'), PATIENCE).toBe('Waiting: the run is paused');
      expect(await value(page, 'rate')).toBe('0');

      await server.training.run.start();
      await expect.poll(() => number(page, 'rate'), PATIENCE).toBeGreaterThan(0);
      expect(await isLit(page)).toBe(true);
      await server.close();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('connecting');
      expect(await isLit(page)).toBe(false);
      expect(await value(page, 'rate')).toBe('0');
      expect(await text(page, 'devices')).toBe('–');
      expect(await text(page, 'run')).toContain('When last heard of');
    },
    SLOW_MS,
  );

  it(
    '[PG2] [PG3] count nothing as lost that a run had no more need of, and show no fewer samples by all',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url);
      await expect.poll(() => number(page, 'applied'), PATIENCE).toBeGreaterThan(2);
      const counts = await page.evaluate(() => {
        const of = (id: string) => Number(document.getElementById(id)?.dataset.value);
        return { own: of('samples'), all: of('all-samples') };
      });
      expect(counts.all).toBeGreaterThanOrEqual(counts.own);
      const lost = await page.evaluateHandle(() => {
        const seen = new Set<string>();
        const box = document.getElementById('lost');
        new MutationObserver(() => seen.add(box?.textContent ?? '')).observe(document.body, {
          subtree: true,
          childList: true,
          characterData: true,
        });
        return seen;
      });
      await server.training.run.stop('stopped');
      await expect.poll(() => text(page, 'state'), PATIENCE).toBe('Nothing left to do: the run has ended');
      await expect.poll(() => stateOf(page), PATIENCE).toBe('waiting');
      expect(await value(page, 'rate')).toBe('0');
      expect(await lost.evaluate((seen) => [...seen])).toEqual(['0']);
    },
    SLOW_MS,
  );

  it(
    '[AD6] show at once what a pause is answered with',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const browser = await openBrowser(cleanup);
      let snapshots = 0;
      const page = await openPage(browser, server.adminUrl, {
        // One snapshot opens the console; of those after it none comes.
        prepare: (opened) =>
          opened.routeWebSocket(/socket\.io/, (socket) => {
            const upstream = socket.connectToServer();
            upstream.onMessage((message) => {
              if (!String(message).includes('"snapshot"') || snapshots++ === 0) socket.send(message);
            });
          }),
      });
      await expect.poll(() => stateOf(page), PATIENCE).toBe('running');
      await page.getByTestId('pause').click();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('paused');
      expect(await page.getByTestId('pause').isDisabled()).toBe(true);
      expect(await page.getByTestId('start').isEnabled()).toBe(true);
      await page.getByTestId('start').click();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('running');
      await page.getByTestId('stop').click();
      await page.getByTestId('confirm-stop').click();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('stopped');
    },
    SLOW_MS,
  );
});
