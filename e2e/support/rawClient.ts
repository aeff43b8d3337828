import { io, type Socket } from 'socket.io-client';
import {
  EVENTS,
  runDescription,
  welcome,
  type Hello,
  type Lease,
  type RunDescription,
  type Welcome,
} from '../../shared/protocol/messages.ts';
import { UNKNOWN_CONDITIONS } from '../../shared/profile/profile.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { politeHello } from './scriptedWorker.ts';
import type { Cleanup } from './testServer.ts';

const ANSWER_WITHIN_MS = 20_000;

/** A bare socket on one namespace of a server: for saying what no client of ours would. */
export function rawSocket(cleanup: Cleanup, server: string, namespace: string, options: object = {}): Socket {
  const socket = io(`${server}${namespace}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...options,
  });
  cleanup.add(() => socket.disconnect());
  return socket;
}

/** Sends a request and gives its answer. */
export async function ask(
  socket: Socket,
  event: string,
  ...args: unknown[]
): Promise<Record<string, unknown>> {
  return (await socket.timeout(ANSWER_WITHIN_MS).emitWithAck(event, ...args)) as Record<string, unknown>;
}

/** Resolves with the first argument of the next such event. */
export function next<T>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve) => socket.once(event, resolve));
}

/** A device that joined by hand: its sockets, its welcome and its run, and the lease it was given. */
export interface RawDevice {
  coordinator: Socket;
  welcome: Welcome;
  run: RunDescription;
  /** A socket to the shards in the server's own process. */
  host: () => Socket;
  lease: () => Promise<Lease>;
}

/** Joins as a device would, and leaves the rest to the test. @param resume whom it was before. */
export async function joinRaw(
  cleanup: Cleanup,
  server: string,
  resume?: Hello['resume'],
): Promise<RawDevice> {
  const coordinator = rawSocket(cleanup, server, NAMESPACES.coordinator);
  const told = next(coordinator, EVENTS.run);
  const joined = welcome.parse(await ask(coordinator, EVENTS.hello, politeHello(resume && { resume })));
  const run = runDescription.parse(await told);
  return {
    coordinator,
    welcome: joined,
    run,
    host: () =>
      rawSocket(cleanup, server, NAMESPACES.shards, {
        auth: { device: joined.device, accessToken: run.hosts[0]?.accessToken },
      }),
    lease: async () => {
      const lease = next<Lease>(coordinator, EVENTS.lease);
      await ask(coordinator, EVENTS.ready, {
        engine: { name: 'scripted', detail: 'test', software: false },
        trials: [],
        workers: 1,
        conditions: UNKNOWN_CONDITIONS,
      });
      return lease;
    },
  };
}

/** A frame for a lease, as a well-behaved client would make it. */
export function frameHeaderOf({ terms }: Lease, { incarnation, shards }: RunDescription, index: number) {
  const range = shards[index];
  if (range === undefined) throw new RangeError(`there is no shard ${index}`);
  return {
    kind: terms.kind,
    codec: terms.codec,
    incarnation: parseInt(incarnation, 16),
    baseVersion: terms.baseVersion,
    lease: terms.lease,
    shard: index,
    offset: range.offset,
    length: range.length,
    samples: terms.samples,
  };
}
