import { launch } from 'puppeteer-core';
import { machine, type Machine } from '../../server/swarm/machine.ts';
import type { BrowserKind } from './browser.ts';

/** What Firefox is called, and where it is on macOS. */
const NAMES = ['firefox', 'firefox-esr'];
const MACOS = '/Applications/Firefox.app/Contents/MacOS/firefox';

/** The Firefox of this machine; null where there is none. */
export async function findFirefox(on: Machine = machine): Promise<string | null> {
  for (const name of NAMES) {
    const path = await on.which(name);
    if (path !== null && (await on.runs(path))) return path;
  }
  return on.platform === 'darwin' && (await on.runs(MACOS)) ? MACOS : null;
}

/** Firefox, driven headless by WebDriver BiDi. */
export const firefoxKind: BrowserKind = {
  name: 'Firefox',
  async open() {
    const executablePath = await findFirefox();
    if (executablePath === null) return { missing: 'No Firefox is installed; on Debian it is firefox-esr.' };
    const browser = await launch({ browser: 'firefox', executablePath, headless: true });
    const page = await browser.newPage();
    const version = (await browser.version()).replace('/', ' ');
    return {
      version: version.charAt(0).toUpperCase() + version.slice(1),
      goto: (url) => page.goto(url),
      evaluate: (script) => page.evaluate(script),
      close: () => browser.close(),
    };
  },
};
