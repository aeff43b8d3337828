import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostShard } from '../gateway/shardHost.ts';
import { certificateOf } from './certificateOf.ts';
import { loadConfig } from './config.ts';
import { ConfigError } from './flags.ts';
import { interruption } from './interruption.ts';
import { runCommand } from './failure.ts';
import { wallClock } from './wallClock.ts';

/** `npm run shard`: one parameter-server shard in a process of its own, until it is interrupted. */

async function main(): Promise<number> {
  const config = loadConfig('shard');
  if (config.shardSecret === '') {
    throw new ConfigError('TABSWARM_SHARD_SECRET: a shard needs the secret that its coordinator will show');
  }
  const tls = await certificateOf(config);
  const http = tls === null ? createServer() : createTlsServer(tls);
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const close = hostShard({
    http,
    secret: config.shardSecret,
    clock: wallClock,
    log,
    failed: (error) => log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  const interrupted = interruption();
  http.listen(config.port, config.host);
  await once(http, 'listening');
  const scheme = tls === null ? 'http' : 'https';
  log(`shard  ${scheme}://${config.host}:${(http.address() as AddressInfo).port}`);
  await interrupted;
  await close();
  return 0;
}

await runCommand(main);
