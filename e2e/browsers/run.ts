import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_FAILED, runCommand } from '../../server/terminal/failure.ts';
import { Cleanup, startServer } from '../support/testServer.ts';
import type { BrowserKind, OpenBrowser } from './browser.ts';
import { chromiumKind } from './chromium.ts';
import { firefoxKind } from './firefox.ts';
import { webKitKind } from './webkit.ts';

/**
 * `npm run test:browsers`: the volunteer page in each browser that can be had here, one after the other, on a run of
 * its own; a line each, with `--json` as JSON. A browser that is not here is named; one that is here and does not
 * train is a failure.
 */

const SECONDS = 12;
const RUN = [
  '--model',
  'lenet',
  '--target',
  'none',
  '--max-seconds',
  String(SECONDS),
  '--evaluate-every',
  '0',
];
/** What a model that was trained for so long reads at least, in any browser. */
const MIN_ACCURACY = 0.9;
/** To load the page and its engine, before the first work is handed out. */
const STARTS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;

interface Result {
  browser: string;
  engine: string;
  samplesPerSecond: number;
  testAccuracy: number;
}

async function train(browser: OpenBrowser): Promise<Result> {
  const cleanup = new Cleanup();
  try {
    const server = await startServer(cleanup, RUN);
    await browser.goto(`${server.url}/?engine=wasm&workers=1`);
    // The button is locked until the page knows which device it is.
    while ((await browser.evaluate(`document.querySelector('[data-testid=toggle]').disabled`)) === true)
      await sleep(LOOK_EVERY_MS);
    await browser.evaluate(`document.querySelector('[data-testid=toggle]').click()`);
    const begun = performance.now();
    while (server.snapshot().status.samples === 0) {
      if (performance.now() - begun > STARTS_WITHIN_MS) {
        const said = await browser.evaluate(`document.querySelector('.intro').innerText`);
        throw new Error(`${browser.version} did not begin to train; its page says: ${String(said)}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
    await server.training.run.ended();
    const { status, seconds, devices } = server.snapshot();
    const { name = 'none', detail = '' } = devices[0]?.profile.engine ?? {};
    const { testAccuracy } = status;
    if (testAccuracy === null || testAccuracy < MIN_ACCURACY) {
      throw new Error(
        `${browser.version} trained to ${String(testAccuracy)}, which is below ${MIN_ACCURACY}`,
      );
    }
    return {
      browser: browser.version,
      engine: `${name} (${detail})`,
      testAccuracy,
      samplesPerSecond: Math.round(status.samples / seconds),
    };
  } finally {
    await cleanup.run();
  }
}

/** Says how it went. False where the browser is here and does not train. */
async function tryOut(kind: BrowserKind, json: boolean): Promise<boolean> {
  const { name } = kind;
  const browser = await kind.open();
  if ('missing' in browser) {
    console.log(
      json ? JSON.stringify({ browser: name, ...browser }) : `${name}: not here. ${browser.missing}`,
    );
    return true;
  }
  try {
    const result = await train(browser);
    const { samplesPerSecond: rate, engine, testAccuracy } = result;
    const words = `${result.browser} trains on ${engine}: ${rate} samples/s, ${(100 * testAccuracy).toFixed(2)}% after ${SECONDS} s`;
    console.log(json ? JSON.stringify(result) : words);
    return true;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  } finally {
    await browser.close();
  }
}

await runCommand(async () => {
  const json = process.argv.includes('--json');
  let good = true;
  for (const kind of [chromiumKind, firefoxKind, webKitKind]) good = (await tryOut(kind, json)) && good;
  return good ? 0 : EXIT_FAILED;
});
