import type { IncomingMessage, ServerResponse } from 'node:http';
import { Endpoint } from '../http/endpoint.ts';
import { hostShards } from '../shardLink/shardHost.ts';
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
  const log = (line: string) => messages.line(line);
  const endpoint = await Endpoint.open(config.host, config.port, tls);
  endpoint.handle(notFound);
  const { port } = endpoint;
  const channels = await prepareChannels(config, port, machineClock, log);
  const close = hostShards({
    http: endpoint.server,
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
  close();
  await endpoint.close();
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
