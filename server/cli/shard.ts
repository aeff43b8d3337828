import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostShard } from '../shardLink/shardHost.ts';
import { certificateOf } from '../app/certificateOf.ts';
import { loadConfig } from '../config/config.ts';
import { interruption } from '../terminal/interruption.ts';
import { runCommand } from '../terminal/failure.ts';
import { messages } from '../terminal/output.ts';
import { prepareChannels } from '../app/openChannels.ts';
import { machineCalendar, machineClock } from '../app/machineTime.ts';

/** `npm run shard`: one parameter-server shard in a process of its own, until it is interrupted. */

async function main(): Promise<number> {
  const config = loadConfig('shard');
  const tls = await certificateOf(config, machineCalendar);
  const http = tls === null ? createServer(notFound) : createTlsServer(tls, notFound);
  const log = (line: string) => messages.line(line);
  http.listen(config.port, config.host);
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const channels = await prepareChannels(config, port, machineClock, log);
  const close = hostShard({
    http,
    secret: config.shardSecret,
    clock: machineClock,
    openChannels: channels.open,
    log,
    failed: (error) => log(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  const interrupted = interruption(log);
  const scheme = tls === null ? 'http' : 'https';
  log(`shard  ${scheme}://${config.host}:${port}`);
  await interrupted;
  http.closeAllConnections();
  await close();
  channels.release();
  return 0;
}

/** Nothing but sockets is served here. */
function notFound(_request: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain' })
    .end('A shard of Tabswarm: there are no pages here.\n');
}

await runCommand(main);
