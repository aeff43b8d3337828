import { startNodeWorkers } from '../../client/node/workers.ts';
import { baseOf } from '../../shared/protocol/basePath.ts';
import { loadConfig } from '../config/config.ts';
import { runCommand } from '../terminal/failure.ts';
import { joinServer } from '../swarm/joining.ts';

/** `npm run worker`: workers without a browser that join the run of a server, until interrupted. */

async function main(): Promise<number> {
  const { url, join, workers, label: labels } = loadConfig('worker');
  const { href: server } = baseOf(url);
  const credential = join === '' ? (new URLSearchParams(new URL(url).hash.slice(1)).get('join') ?? '') : join;
  return joinServer({
    noun: 'worker',
    count: workers,
    url,
    died: 'The workers ended.',
    start: (hear, selfSigned) =>
      Promise.resolve(startNodeWorkers({ server, join: credential, workers, labels, selfSigned, hear })),
  });
}

await runCommand(main);
