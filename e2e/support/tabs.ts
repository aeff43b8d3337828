import { chromium, type Browser, type Page, type Worker } from 'playwright';
import { chromiumSetting } from '../../server/config/config.ts';
import { findChromium } from '../../server/swarm/chromium.ts';
import { launchOptions } from '../../server/swarm/launch.ts';
import type { Cleanup } from './testServer.ts';

/** The Chromium that the swarm would use, closed when the test ends. */
export async function openBrowser(cleanup: Cleanup): Promise<Browser> {
  const { executablePath } = await findChromium(chromiumSetting());
  const browser = await chromium.launch({ ...launchOptions(), executablePath });
  cleanup.add(() => browser.close());
  return browser;
}

export interface TabOptions {
  /** Query of the page, for instance `engine=wasm&workers=1`. */
  query?: string;
  viewport?: { width: number; height: number };
  colorScheme?: 'light' | 'dark';
  ignoreHTTPSErrors?: boolean;
  /** What the browser calls itself; its own name where none is given. */
  userAgent?: string;
  /** Done to the page before it goes anywhere. */
  prepare?: (page: Page) => Promise<unknown>;
}

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };

/** Opens a page as a device of its own. */
export async function openPage(browser: Browser, url: string, options: TabOptions = {}): Promise<Page> {
  const {
    query = '',
    viewport = DESKTOP,
    colorScheme = 'light',
    ignoreHTTPSErrors = false,
    userAgent,
  } = options;
  const context = await browser.newContext({
    viewport,
    colorScheme,
    ignoreHTTPSErrors,
    ...(userAgent === undefined ? {} : { userAgent }),
  });
  const page = await context.newPage();
  await options.prepare?.(page);
  const address = new URL(url);
  if (query !== '') address.search = query;
  await page.goto(address.href);
  return page;
}

/** Opens the volunteer page and presses its button. */
export async function openTab(browser: Browser, url: string, options: TabOptions = {}): Promise<Page> {
  const page = await openPage(browser, url, { query: 'engine=wasm&workers=1', ...options });
  await page.getByTestId('toggle').click();
  return page;
}

/** From now on a WebGPU device of this page or worker is lost when it is to be given work. */
export async function loseDevices(where: Pick<Worker, 'evaluate'>): Promise<void> {
  await where.evaluate(() => {
    const { createCommandEncoder } = Object.getOwnPropertyDescriptors(GPUDevice.prototype);
    GPUDevice.prototype.createCommandEncoder = function (...args) {
      this.destroy();
      return createCommandEncoder.value?.apply(this, args) as GPUCommandEncoder;
    };
  });
}

/** From now on a WebGL context of this page or worker is lost while its results are waited for. */
export async function loseContexts(where: Pick<Worker, 'evaluate'>): Promise<void> {
  await where.evaluate(() => {
    const { fenceSync } = Object.getOwnPropertyDescriptors(WebGL2RenderingContext.prototype);
    WebGL2RenderingContext.prototype.fenceSync = function (...args) {
      const fence = fenceSync.value?.apply(this, args) as WebGLSync | null;
      this.getExtension('WEBGL_lose_context')?.loseContext();
      return fence;
    };
  });
}
