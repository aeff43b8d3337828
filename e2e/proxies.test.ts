import type { Page } from 'playwright';
import { afterEach, describe, expect, it } from 'vitest';
import { openReverseProxy, type ReverseProxyOptions } from './support/reverseProxy.ts';
import { openBrowser, openPage, openTab } from './support/tabs.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* The pages by way of a reverse proxy. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 120_000;

const number = async (page: Page, id: string) =>
  Number(await page.getByTestId(id).getAttribute('data-value'));
const stateOf = (page: Page) => page.getByTestId('state').getAttribute('data-state');
const text = (page: Page, id: string) => page.getByTestId(id).innerText();

/** A server, and a browser that comes to it by a proxy. */
async function begun(options: ReverseProxyOptions) {
  const server = await startServer(cleanup, ['--evaluate-every', '0', '--shards', '2']);
  const base = await openReverseProxy(cleanup, server.url, options);
  const browser = await openBrowser(cleanup);
  return {
    server,
    base,
    browser,
    adminUrl: new URL(server.adminUrl.replace(/^.*\/admin/, 'admin'), base).href,
  };
}

describe('a proxy that cuts off a path', () => {
  it(
    '[PG6] leaves the volunteer page whole: it trains',
    async () => {
      const { base, browser } = await begun({ prefix: '/apps/tabswarm' });
      const asked: string[] = [];
      const failed: string[] = [];
      const page = await openTab(browser, base, {
        prepare: (opened) => {
          opened.on('request', (request) => asked.push(request.url()));
          opened.on('response', (response) => {
            if (response.status() >= 400) failed.push(response.url());
          });
          return Promise.resolve();
        },
      });
      await expect.poll(() => number(page, 'applied'), PATIENCE).toBeGreaterThan(2);
      expect(failed).toEqual([]);
      expect(asked.filter((url) => !url.startsWith(base))).toEqual([]);
      const wide = await page
        .getByTestId('toggle')
        .evaluate((button) => getComputedStyle(button).borderRadius);
      expect(wide).toBe('14px');
    },
    SLOW_MS,
  );

  it(
    '[PG6] [PG10] leaves the console whole, by either spelling: it opens and steers, and its cookie stays below the path',
    async () => {
      const { base, browser, adminUrl, server } = await begun({ prefix: '/apps/tabswarm' });
      const page = await openPage(browser, adminUrl.replace('/admin/#', '/admin#'));
      await expect.poll(() => stateOf(page), PATIENCE).toBe('running');
      expect(page.url()).toBe(`${base}admin/`);
      await page.getByTestId('pause').click();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('paused');
      expect(server.training.run.status().state).toBe('paused');
      const cookies = await page.context().cookies();
      expect(cookies.map(({ path }) => path)).toEqual(['/apps/tabswarm/']);
      await page.reload();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('paused');
    },
    SLOW_MS,
  );
});

describe('a proxy that is set up wrong', () => {
  it(
    '[PG5] [PR8] and rewrites Host: the pages say so, and the log once',
    async () => {
      const { server, base, browser, adminUrl } = await begun({ host: 'inner.example:8080' });
      const { origin } = new URL(base);
      const why = `The page is of ${origin}, but the server was asked for as inner.example:8080`;
      const page = await openTab(browser, base);
      await expect.poll(() => text(page, 'message'), PATIENCE).toContain(why);
      expect(await text(page, 'message')).toContain('pass the Host header as the browser sent it');
      const console = await openPage(browser, adminUrl);
      await expect.poll(() => text(console, 'login-error'), PATIENCE).toContain(why);
      expect(server.log.filter((line) => line.includes('inner.example'))).toEqual([
        expect.stringMatching(new RegExp(`^Refused a page. ${why}.*pass the Host header`)),
      ]);
    },
    SLOW_MS,
  );

  it(
    '[PG5] and passes no upgrade: the pages say so',
    async () => {
      const { base, browser, adminUrl } = await begun({ prefix: '/swarm', upgrades: false });
      const page = await openTab(browser, base);
      const why = 'passes pages but no WebSocket';
      await expect.poll(() => text(page, 'message'), PATIENCE).toContain(why);
      expect(await text(page, 'message')).toContain('upgrades pass at /swarm/socket.io/');
      expect(await stateOf(page)).toBe('connecting');
      const console = await openPage(browser, adminUrl);
      await expect.poll(() => text(console, 'banner'), PATIENCE).toContain(why);
    },
    SLOW_MS,
  );

  it(
    '[PG5] [PG9] and has lost its server: the page says so, and trains again with the next one',
    async () => {
      const { server, base, browser } = await begun({});
      const page = await openTab(browser, base);
      await expect.poll(() => stateOf(page), PATIENCE).toBe('training');
      await server.close();
      await expect.poll(() => text(page, 'message'), PATIENCE).toContain('A proxy answers (status 502)');
      await startServer(cleanup, ['--evaluate-every', '0', '--port', new URL(server.url).port]);
      await expect.poll(() => stateOf(page), PATIENCE).toBe('training');
      expect(await page.getByTestId('message').isVisible()).toBe(false);
    },
    SLOW_MS,
  );
});
