import { spawn, type ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { machine, type Machine } from '../../server/swarm/machine.ts';
import type { BrowserKind } from './browser.ts';
import { WebDriver } from './webDriver.ts';

/** The driver needs this long to listen at most, also on a busy machine. */
const LISTENS_WITHIN_MS = 20_000;
const ASK_EVERY_MS = 200;

export interface WebKitParts {
  /** The driver, and what gives it a display. */
  driver: string;
  display: string;
  /** WebKitGTK's own small browser. */
  browser: string;
}

/** The parts of WebKitGTK that Debian packages; else which are missing. */
export async function findWebKit(
  on: Machine = machine,
  find: () => Promise<string | null> = miniBrowser,
): Promise<WebKitParts | { missing: string }> {
  const driver = await on.which('WebKitWebDriver');
  const display = await on.which('xvfb-run');
  const browser = await find();
  if (driver !== null && display !== null && browser !== null) return { driver, display, browser };
  const parts = { WebKitWebDriver: driver, 'xvfb-run': display, MiniBrowser: browser };
  const missing = Object.entries(parts).flatMap(([name, path]) => (path === null ? name : []));
  return {
    missing: `No WebKit can be driven: ${missing.join(', ')} missing; on Debian install webkit2gtk-driver and xvfb.`,
  };
}

async function miniBrowser(): Promise<string | null> {
  const below = async (folder: string) => {
    const names = await readdir(folder).catch((): string[] => []);
    return names.map((name) => `${folder}/${name}`);
  };
  const libraries = (await below('/usr/lib')).filter((path) => path.endsWith('-linux-gnu'));
  const versions = (await Promise.all(libraries.map(below))).flat();
  const kits = versions.filter((path) => /\/webkit2gtk-[\d.]+$/.test(path)).sort();
  for (const kit of kits.reverse()) {
    if ((await readdir(kit).catch((): string[] => [])).includes('MiniBrowser')) return `${kit}/MiniBrowser`;
  }
  return null;
}

/** WebKitGTK, the nearest to Safari that runs on Linux, driven by W3C WebDriver on a display in memory. */
export const webKitKind: BrowserKind = {
  name: 'WebKit',
  async open() {
    const parts = await findWebKit();
    if ('missing' in parts) return parts;
    const port = await freePort();
    const root = process.getuid?.() === 0;
    const process_ = spawn(parts.display, ['-a', parts.driver, `--port=${port}`], {
      stdio: 'ignore',
      // Its own group, since what is to end is the display and the browser too.
      detached: true,
      env: { ...process.env, ...(root ? { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' } : {}) },
    });
    try {
      const driver = await connect(`http://127.0.0.1:${port}`, parts.browser);
      return {
        version: `WebKit ${driver.version}`,
        goto: (url) => driver.goto(url),
        evaluate: (script) => driver.evaluate(script),
        async close() {
          await driver.close().catch(() => undefined);
          end(process_);
        },
      };
    } catch (error) {
      end(process_);
      throw error;
    }
  },
};

async function connect(url: string, binary: string): Promise<WebDriver> {
  const options = { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } };
  for (let waited = 0; ; waited += ASK_EVERY_MS) {
    try {
      return await WebDriver.open(url, options);
    } catch (error) {
      // Until the driver listens there is no answer at all.
      if (!(error instanceof TypeError) || waited >= LISTENS_WITHIN_MS) throw error;
      await sleep(ASK_EVERY_MS);
    }
  }
}

function end({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
