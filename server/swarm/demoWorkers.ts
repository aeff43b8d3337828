import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright';
import { troublesOf } from '../../client/node/troubles.ts';
import { startNodeWorkers } from '../../client/node/workers.ts';
import { findChromium, NoBrowserError } from './chromium.ts';
import { machine, type Machine } from './machine.ts';
import { isSelfSigned } from './certificate.ts';
import { counted } from '../../shared/text/counted.ts';
import { launchBrowser, openTabs } from './launch.ts';
import type { Config } from '../config/config.ts';

/** What a demo trains with. */
export interface PreparedWorkers {
  tabs: number;
  tabWorkers: number;
  nodeWorkers: number;
  /** Starts while the server does; null where no tab is to be opened. */
  browser: Promise<Browser> | null;
}

/** Those that train in a demo. */
export interface DemoWorkers {
  /** Resolves when they were closed, or when nobody is left. */
  ended: Promise<'closed' | 'died'>;
  close(): Promise<void>;
}

/**
 * Finds and starts the browser where tabs are asked for; where none can be had, as many workers without one take
 * their place [EN8].
 * @throws {NoBrowserError} where the browser that was named is none.
 */
export async function prepareDemoWorkers(
  {
    tabs,
    tabWorkers,
    nodeWorkers,
    chromium,
  }: Pick<Config, 'tabs' | 'tabWorkers' | 'nodeWorkers' | 'chromium'>,
  note: (line: string) => void,
  on: Machine = machine,
): Promise<PreparedWorkers> {
  if (tabs === 0) return { tabs, tabWorkers, nodeWorkers, browser: null };
  try {
    const { executablePath } = await findChromium(chromium, on);
    const browser = launchBrowser(executablePath);
    // Opening the tabs reports the failure; it is none before.
    browser.catch(() => undefined);
    return { tabs, tabWorkers, nodeWorkers, browser };
  } catch (error) {
    if (!(error instanceof NoBrowserError) || chromium !== null) throw error;
    note(`${error.message} Training on ${counted(tabs + nodeWorkers, 'worker')} without a browser instead.`);
    return { tabs: 0, tabWorkers, nodeWorkers: tabs + nodeWorkers, browser: null };
  }
}

/** A demo has a credential, for the workers that it starts itself: they are trusted, and everyone may join as before [TS14]. */
export function withOwnCredential<Settings extends Pick<Config, 'join' | 'open'>>(
  config: Settings,
): Settings {
  return config.join === '' ? { ...config, join: randomBytes(16).toString('hex'), open: true } : config;
}

/** Sets everyone to train on the server. */
export async function startDemoWorkers(
  { tabs, tabWorkers, nodeWorkers, browser }: PreparedWorkers,
  {
    url,
    engine,
    join,
    log,
  }: { url: string; engine: Config['engine']; join: string; log: (line: string) => void },
): Promise<DemoWorkers> {
  const groups: DemoWorkers[] = [];
  if (nodeWorkers > 0) {
    const server = new URL(url);
    const selfSigned = await isSelfSigned(server);
    const workers = { server: server.origin, join, workers: nodeWorkers, selfSigned };
    groups.push(startNodeWorkers({ ...workers, hear: troublesOf('worker', log) }));
  }
  if (browser !== null)
    groups.push(
      await openTabs({
        url,
        tabs,
        tabWorkers,
        engine,
        transport: 'auto',
        browser,
        log,
        hear: troublesOf('tab', log),
      }),
    );
  return {
    ended: Promise.all(groups.map(({ ended }) => ended)).then((ends) =>
      ends.includes('died') ? 'died' : 'closed',
    ),
    async close() {
      await Promise.all(groups.map((group) => group.close()));
    },
  };
}
