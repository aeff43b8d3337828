import { findChromium } from '../../e2e/swarm/chromium.ts';
import { launchBrowser, openTabs, type Swarm } from '../../e2e/swarm/launch.ts';
import { joinFragment } from './addresses.ts';
import { loadConfig, type Config } from './config.ts';
import { EXIT_FAILED, runCommand } from './failure.ts';
import { interruption } from './interruption.ts';
import { machineClock } from './machineTime.ts';
import { elapsed } from './progress.ts';

/** `npm run swarm`: opens headless tabs that join the run of a server, until it is interrupted. */

const REPORT_EVERY_MS = 30_000;

async function main(): Promise<number> {
  const config = loadConfig('swarm');
  const interrupted = interruption().then(() => 'interrupted' as const);
  const opening = open(config);
  // Where the interruption comes first, the end of the process is the end of the browser.
  const swarm = await Promise.race([opening, interrupted]);
  if (swarm === 'interrupted') return 0;

  const reports = reportOn(swarm);
  const end = await Promise.race([swarm.ended, interrupted]);
  clearInterval(reports);
  if (end === 'died') {
    say('The browser died.');
    return EXIT_FAILED;
  }
  await swarm.close();
  return 0;
}

async function open({ url, join, tabs, tabWorkers, engine, transport, chromium }: Config): Promise<Swarm> {
  const { executablePath } = await findChromium(chromium);
  const swarm = await openTabs({
    url: withCredential(url, join),
    ...{ tabs, tabWorkers, engine, transport },
    browser: launchBrowser(executablePath),
    log: say,
  });
  say(`${tabs} tabs at ${new URL(url).origin}; Ctrl-C closes them.`);
  return swarm;
}

/** A credential given by flag goes where the server's own join address has it. */
function withCredential(url: string, join: string): string {
  if (join === '') return url;
  const address = new URL(url);
  address.hash = joinFragment(join);
  return address.href;
}

function reportOn(swarm: Swarm): NodeJS.Timeout {
  const start = machineClock.now();
  return setInterval(() => {
    swarm.engines().then(
      (engines) =>
        say(`${elapsed((machineClock.now() - start) / 1000)}  ${engines.length} tabs: ${engines.join(', ')}`),
      () => say('A tab does not answer.'),
    );
  }, REPORT_EVERY_MS);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await runCommand(main);
