import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { Page } from 'playwright';
import { afterEach, describe, expect, it } from 'vitest';
import { PLAIN_ACTION_NAMES, possibleActions } from '../shared/protocol/runActions.ts';
import { openFakeServer } from './support/fakeServer.ts';
import { DESKTOP, openBrowser, openPage, openTab, PHONE } from './support/tabs.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* The pages as a person uses them. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 120_000;
const SCREENS = { phone: PHONE, desktop: DESKTOP };
/** Pictures for people to look at; nothing is compared with them. */
const PICTURES = join(tmpdir(), 'tabswarm-pictures');

const text = (page: Page, id: string) => page.getByTestId(id).innerText();
const number = async (page: Page, id: string) =>
  Number(await page.getByTestId(id).getAttribute('data-value'));
const stateOf = (page: Page) => page.getByTestId('state').getAttribute('data-state');

/** Whether anything is wider than the window. */
const overflows = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

async function picture(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

/** The actions whose buttons can be pressed. */
const pressable = (page: Page) =>
  page
    .locator('#controls button:enabled')
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('data-testid')));

/** The buttons that the bar is to have while the run is in a state. */
const buttonsWhile = (state: Parameters<typeof possibleActions>[0]) =>
  possibleActions(state).filter((action) => PLAIN_ACTION_NAMES.includes(action));

/** Everything that a page reports as an error. */
function errorsOf(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return errors;
}

describe('the volunteer page', () => {
  it.each(['phone', 'desktop'] as const)(
    'says what it asks, starts, shows what comes of it and stops, on a %s',
    async (screen) => {
      const server = await startServer(cleanup, ['--evaluate-every', '5']);
      const browser = await openBrowser(cleanup);
      let errors: string[] = [];
      const scripts: string[] = [];
      const page = await openPage(browser, server.url, {
        query: 'engine=wasm',
        viewport: SCREENS[screen],
        prepare: (opened) => {
          errors = errorsOf(opened);
          opened.on('response', (response) => scripts.push(response.url()));
          return Promise.resolve();
        },
      });
      expect(await page.getByTestId('toggle').innerText()).toBe('Start contributing');
      expect(server.training.crowd.size).toBe(0);
      expect(scripts.some((url) => url.includes('tfjs'))).toBe(false);
      await picture(page, `volunteer-${screen}-before`);

      await page.getByTestId('toggle').click();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('training');
      await expect.poll(() => number(page, 'applied'), PATIENCE).toBeGreaterThan(3);
      expect(await text(page, 'engine')).toContain('WebAssembly');
      await expect.poll(() => number(page, 'rate'), PATIENCE).toBeGreaterThan(0);
      await expect.poll(() => number(page, 'accuracy'), PATIENCE).toBeGreaterThan(0);
      expect(await number(page, 'devices')).toBe(1);
      expect(await overflows(page)).toBe(false);
      await picture(page, `volunteer-${screen}-training`);

      await page.getByTestId('toggle').click();
      await expect.poll(() => server.training.crowd.size, PATIENCE).toBe(0);
      await expect.poll(() => stateOf(page), PATIENCE).toBe('stopped');
      expect(await page.getByTestId('toggle').innerText()).toMatch(/start/i);
      expect(errors).toEqual([]);
    },
    SLOW_MS,
  );

  it(
    'names an engine that it does not know, and trains on',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const browser = await openBrowser(cleanup);
      const page = await openTab(browser, server.url, { query: 'engine=abacus' });
      await expect.poll(() => page.locator('body').innerText()).toContain('abacus');
      await expect.poll(() => stateOf(page), PATIENCE).toBe('training');
    },
    SLOW_MS,
  );

  it(
    'says why when the link lacks the credential to join',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0', '--join', 'sesame']);
      const browser = await openBrowser(cleanup);
      const stranger = await openTab(browser, server.url);
      await expect.poll(() => stateOf(stranger), PATIENCE).toBe('failed');
      expect(await stranger.locator('body').innerText()).toContain('credential');
      const friend = await openTab(browser, server.addresses[0]?.url ?? '');
      await expect.poll(() => stateOf(friend), PATIENCE).toBe('training');
    },
    SLOW_MS,
  );
});

describe('the volunteer page of another version than its server', () => {
  it(
    '[PG14] [PG15] is loaded anew once, starts automatically, and says so where that did not help',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      let hellos = 0;
      const refused = () => {
        hellos++;
        return { outcome: 'WRONG_PROTOCOL', reason: 'this server speaks protocol 8' };
      };
      const url = await openFakeServer(cleanup, refused, undefined, server.url);
      const browser = await openBrowser(cleanup);
      let loads = 0;
      const page = await openTab(browser, url, {
        prepare: (opened) => Promise.resolve(void opened.on('load', () => loads++)),
      });
      await page.getByTestId('failure').filter({ hasText: 'did not help' }).waitFor();
      expect([loads, hellos]).toEqual([2, 2]);
      await page.getByTestId('toggle').click();
      await expect.poll(() => hellos, PATIENCE).toBe(3);
      await page.getByTestId('failure').filter({ hasText: 'did not help' }).waitFor();
      expect(loads).toBe(2);
    },
    SLOW_MS,
  );
});

describe('the admin page', () => {
  it.each(['phone', 'desktop'] as const)(
    '[AD1] [AD2] [AD3] [AD14] [AD15] [CF10] [RS9] shows the run and steers it, on a %s',
    async (screen) => {
      const server = await startServer(cleanup, ['--evaluate-every', '5']);
      const browser = await openBrowser(cleanup);
      await openTab(browser, server.url);
      let errors: string[] = [];
      const page = await openPage(browser, server.adminUrl, {
        viewport: SCREENS[screen],
        prepare: (opened) => {
          errors = errorsOf(opened);
          return Promise.resolve();
        },
      });
      await expect.poll(() => stateOf(page), PATIENCE).toBe('running');
      expect(page.url()).not.toContain('token');
      await expect.poll(() => page.getByTestId('device-row').count(), PATIENCE).toBe(1);
      await expect.poll(() => page.getByTestId('device-row').innerText(), PATIENCE).toContain('WebAssembly');
      await expect.poll(() => number(page, 'accuracy'), PATIENCE).toBeGreaterThan(0);
      expect(await page.getByTestId('chart-accuracy').locator('canvas').count()).toBe(1);
      expect(await page.getByTestId('chart-loss').locator('canvas').count()).toBe(1);
      expect(await overflows(page)).toBe(false);
      await picture(page, `admin-${screen}`);

      expect(await pressable(page)).toEqual(buttonsWhile('running'));
      // A wrong value is named and stays in its field; a right one is in force, and shown as the server has it.
      await page.getByTestId('live-lr').fill('fast');
      await page.getByTestId('configure').click();
      await expect
        .poll(() => page.getByTestId('live-error').innerText(), PATIENCE)
        .toContain('lr: "fast" is not');
      await page.getByTestId('live-lr').fill('0.0200');
      await page.getByTestId('configure').click();
      await expect.poll(() => server.snapshot().settings['lr'], PATIENCE).toBe(0.02);
      await expect.poll(() => page.getByTestId('live-lr').inputValue(), PATIENCE).toBe('0.02');
      expect(await page.getByTestId('live-error').isVisible()).toBe(false);
      expect(await overflows(page)).toBe(false);
      await page.getByTestId('pause').click();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('paused');
      expect(await pressable(page)).toEqual(buttonsWhile('paused'));
      await expect.poll(() => server.snapshot().devices[0]?.state, PATIENCE).toBe('idle');
      const { version } = server.training.coordinator;
      await page.getByTestId('save').click();
      await expect.poll(() => number(page, 'checkpoint'), PATIENCE).toBe(version);
      expect(server.snapshot().checkpoint?.version).toBe(version);
      await page.getByTestId(`rollback-${version}`).click();
      await page.getByTestId('cancel-rollback').click();
      await page.getByTestId(`rollback-${version}`).click();
      await page.getByTestId('confirm-rollback').click();
      await expect.poll(() => number(page, 'version'), PATIENCE).toBe(version + 1);
      expect(server.training.coordinator.version).toBe(version + 1);
      expect(await overflows(page)).toBe(false);
      await page.getByTestId('start').click();
      await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(version);
      await page.getByTestId('stop').click();
      await page.getByTestId('confirm-stop').click();
      await expect.poll(() => stateOf(page), PATIENCE).toBe('stopped');
      expect(server.training.run.status().stop).toBe('stopped');
      await expect.poll(() => pressable(page), PATIENCE).toEqual(buttonsWhile('stopped'));
      // Of the wrong value alone.
      expect(errors).toEqual([expect.stringContaining('status of 400')]);
    },
    SLOW_MS,
  );

  it(
    '[AD1] asks for the token where it has none',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const browser = await openBrowser(cleanup);
      const page = await openPage(browser, `${server.url}/admin/`);
      await page.getByTestId('login').waitFor();
      expect(await page.getByTestId('state').isVisible()).toBe(false);
    },
    SLOW_MS,
  );
});
