import { findChromium } from '../swarm/chromium.ts';
import { launchBrowser, openTabs } from '../swarm/launch.ts';
import { joinFragment } from '../app/addresses.ts';
import { loadConfig } from '../config/config.ts';
import { runCommand } from '../terminal/failure.ts';
import { joinServer } from '../swarm/joining.ts';

/** `npm run swarm`: opens headless tabs that join the run of a server, until it is interrupted. */

async function main(): Promise<number> {
  const { url, join, tabs, tabWorkers, engine, transport, chromium } = loadConfig('swarm');
  return joinServer({
    noun: 'tab',
    count: tabs,
    url,
    died: 'The browser died.',
    async start(hear, _selfSigned, say) {
      const { executablePath } = await findChromium(chromium);
      const browser = launchBrowser(executablePath);
      const address = withCredential(url, join);
      return openTabs({ url: address, tabs, tabWorkers, engine, transport, browser, log: say, hear });
    },
  });
}

/** A credential given by flag goes where the server's own join address has it. */
function withCredential(url: string, join: string): string {
  if (join === '') return url;
  const address = new URL(url);
  address.hash = joinFragment(join);
  return address.href;
}

await runCommand(main);
