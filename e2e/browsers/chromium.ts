import { chromium } from 'playwright';
import { chromiumSetting } from '../../server/config/config.ts';
import { findChromium, NoBrowserError } from '../../server/swarm/chromium.ts';
import { launchOptions } from '../../server/swarm/launch.ts';
import type { BrowserKind } from './browser.ts';

/** Chromium, driven as the swarm drives it. */
export const chromiumKind: BrowserKind = {
  name: 'Chromium',
  async open() {
    try {
      const { executablePath } = await findChromium(chromiumSetting());
      const browser = await chromium.launch({ ...launchOptions(), executablePath });
      const page = await browser.newPage();
      return {
        version: `Chromium ${browser.version()}`,
        goto: (url) => page.goto(url),
        evaluate: (script) => page.evaluate(script),
        close: () => browser.close(),
      };
    } catch (error) {
      if (error instanceof NoBrowserError) return { missing: error.message };
      throw error;
    }
  },
};
