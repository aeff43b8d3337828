import { startNodeWorkers } from '../../client/node/workers.ts';
import { isSelfSigned } from '../../e2e/swarm/certificate.ts';
import { baseOf } from '../../shared/protocol/basePath.ts';
import { loadConfig } from './config.ts';
import { EXIT_FAILED, runCommand } from './failure.ts';
import { interruption } from './interruption.ts';

/** `npm run worker`: workers without a browser that join the run of a server, until interrupted. */

async function main(): Promise<number> {
  const { url, join, workers, label: labels } = loadConfig('worker');
  const interrupted = interruption().then(() => 'interrupted' as const);
  const { hash } = new URL(url);
  const base = baseOf(url).href;
  const credential = join === '' ? (new URLSearchParams(hash.slice(1)).get('join') ?? '') : join;
  const running = startNodeWorkers({
    ...{ server: base, join: credential, workers, labels, log: say },
    selfSigned: await isSelfSigned(new URL(url)),
  });
  say(`${workers} ${workers === 1 ? 'worker' : 'workers'} for ${base}; Ctrl-C ends.`);
  const end = await Promise.race([running.ended, interrupted]);
  if (end === 'died') return EXIT_FAILED;
  await running.close();
  return 0;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await runCommand(main);
