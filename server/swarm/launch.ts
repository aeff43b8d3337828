import { chromium, errors, type Browser, type BrowserContext, type Page } from 'playwright';
import { NEWS_EVENT } from '../../shared/protocol/newsEvent.ts';
import type { FromNodeWorker } from '../../client/node/messages.ts';
import { baseOf } from '../../shared/protocol/basePath.ts';
import type { EngineName } from '../../shared/profile/profile.ts';
import type { TransportPreference } from '../../shared/transport/preference.ts';
import { isSelfSigned } from './certificate.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

export interface SwarmOptions {
  /** Join address of the server; a credential to join is in its fragment. */
  url: string;
  tabs: number;
  engine: EngineName | 'auto';
  transport: TransportPreference;
  /** Workers of each tab at most. */
  tabWorkers: number;
  /** From {@link launchBrowser}; closed with the tabs, or where they cannot be opened. */
  browser: Promise<Browser>;
  /** Told of page errors, one line each. */
  log: (line: string) => void;
  /** Told what becomes of each tab, counted from 0: what its page is told by its worker, and that it crashed. */
  hear: (tab: number, news: FromNodeWorker) => void;
}

/** Headless tabs that train. */
export interface Swarm {
  tabs: Page[];
  /** What each tab really trains with; waits for the tabs that do not know yet. */
  engines(): Promise<string[]>;
  /** `closed` after close(); `died` when the browser or the last of its tabs went on its own. */
  ended: Promise<'closed' | 'died'>;
  /** Presses the button of one of them again, counted from 0, which the server refused for a while. */
  again(tab: number): void;
  close(): Promise<void>;
}

/** The tabs cannot be opened; the message is one sentence. */
export class TabsError extends Error {
  override name = 'TabsError';
}

const ARGUMENTS = [
  // A GPU made of software counts as none unless it is asked for.
  '--enable-unsafe-webgpu',
  // All tabs but one are in the background, and work as if they were not.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  // The browser talks to the server under test and to nobody else.
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Data channels to a server on this very machine, where no address of a network is asked for.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
];

/** How Chromium is started for headless tabs; its sandbox is given up only for root on Linux, who has none. */
export function launchOptions(platform = process.platform, root = process.getuid?.() === 0) {
  return {
    headless: true,
    args: [...ARGUMENTS],
    chromiumSandbox: !(platform === 'linux' && root),
    // The command decides what a signal means. Playwright still ends the browser when the process exits.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  };
}

/**
 * Opens the tabs in one browser, each as a device of its own, and presses the button that starts training.
 * @throws {TabsError} where the server cannot be reached, or serves no volunteer page.
 */
export async function openTabs(options: SwarmOptions): Promise<Swarm> {
  const url = new URL(options.url);
  url.pathname = baseOf(url).pathname;
  url.searchParams.set('engine', options.engine);
  url.searchParams.set('transport', options.transport);
  url.searchParams.set('workers', String(options.tabWorkers));
  const [ignoreHTTPSErrors, browser] = await Promise.all([isSelfSigned(url), options.browser]);
  const ended = endOf(browser, options.tabs);
  const open = async (index: number) => {
    // A context is a profile of its own: another device to the server, not another tab of the same.
    const context = await browser.newContext({ ignoreHTTPSErrors });
    await bridge(context, (news) => options.hear(index, news));
    const page = await context.newPage();
    watch(page, index, options);
    ended.add(page);
    await startTraining(page, url);
    return page;
  };
  const opening = Array.from({ length: options.tabs }, (_, index) => open(index));
  const tabs = await Promise.all(opening).catch(async (error: unknown) => {
    await browser.close();
    await Promise.allSettled(opening);
    throw error;
  });
  return {
    tabs,
    engines: () => Promise.all(tabs.map(engineOf)),
    ended: ended.promise,
    again: (tab) =>
      void tabs[tab]
        ?.getByTestId('toggle')
        .click()
        .catch(() => undefined),
    async close() {
      ended.resolve('closed');
      await browser.close();
    },
  };
}

/** Starts a headless Chromium, one from findChromium. @throws {TabsError} where it may not use its sandbox. */
export async function launchBrowser(executablePath: string): Promise<Browser> {
  try {
    return await chromium.launch({ ...launchOptions(), executablePath });
  } catch (error) {
    if (
      !(error instanceof Error) ||
      !/sandboxing failed|no usable sandbox|new namespace/i.test(error.message)
    ) {
      throw error;
    }
    throw new TabsError(
      `Chromium (${executablePath}) may not use its sandbox: this machine forbids user namespaces to other users than root.`,
    );
  }
}

/** Resolves as {@link Swarm.ended} does; pages are added as they open. */
function endOf(browser: Browser, expected: number) {
  let resolve: (how: 'closed' | 'died') => void = () => undefined;
  const promise = new Promise<'closed' | 'died'>((settle) => (resolve = settle));
  let gone = 0;
  const leave = () => {
    gone++;
    if (gone === expected) resolve('died');
  };
  browser.on('disconnected', () => resolve('died'));
  return {
    promise,
    resolve,
    add(page: Page) {
      page.once('crash', leave);
    },
  };
}

/** Hands on what a page tells of its worker. */
async function bridge(context: BrowserContext, hear: (news: FromNodeWorker) => void): Promise<void> {
  await context.exposeBinding(NEWS_EVENT, (_source, news: FromNodeWorker) => hear(news));
  // As text: what runs in a page has other types than this.
  const content = `addEventListener('${NEWS_EVENT}', (event) => window['${NEWS_EVENT}'](event.detail));`;
  await context.addInitScript({ content });
}

function watch(page: Page, index: number, { log, hear }: SwarmOptions): void {
  page.on('crash', () => hear(index, { type: 'state', state: 'failed', message: 'the tab crashed' }));
  page.on('pageerror', (error) => log(`tab ${index + 1}: ${error.message.split('\n', 1)[0] || error.name}`));
}

async function startTraining(page: Page, url: URL): Promise<void> {
  const at = `${url.origin}${url.pathname}`;
  // The button does nothing before the page's script has run, which `load` waits for.
  const response = await page.goto(url.href, { waitUntil: 'load' }).catch((error: unknown) => {
    throw new TabsError(`${at} cannot be opened: ${navigationFault(error)}.`);
  });
  if (response?.ok() === false) throw new TabsError(`${at} answers ${response.status()}: no volunteer page.`);
  await page
    .getByTestId('toggle')
    .click()
    .catch((error: unknown) => {
      if (!(error instanceof errors.TimeoutError)) throw error;
      throw new TabsError(`${at} has no button to start training: it is no volunteer page of Tabswarm.`);
    });
}

const REASONS: Readonly<Record<string, string>> = {
  ERR_CONNECTION_REFUSED: 'nothing listens there',
  ERR_NAME_NOT_RESOLVED: 'no machine has this name',
  ERR_ADDRESS_UNREACHABLE: 'there is no way to this machine',
  ERR_INTERNET_DISCONNECTED: 'this machine has no network',
  ERR_SSL_PROTOCOL_ERROR: 'it speaks no https; try http',
  ERR_EMPTY_RESPONSE: 'it speaks no http; try https',
};

/** The reason in what Playwright throws, for instance `page.goto: net::ERR_CONNECTION_REFUSED at ...`. */
function navigationFault(error: unknown): string {
  if (error instanceof errors.TimeoutError) return 'no answer in time';
  const message = errorMessage(error);
  const code = /net::(\w+)/.exec(message)?.[1];
  return code === undefined ? (message.split('\n', 1)[0] ?? message) : (REASONS[code] ?? code);
}

async function engineOf(page: Page): Promise<string> {
  const known = page.locator('[data-testid=engine][data-value]:not([data-value=""])');
  return (await known.getAttribute('data-value')) ?? '';
}
