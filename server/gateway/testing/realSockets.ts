import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Namespace, Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { VirtualClock } from '../../core/testing/virtualClock.ts';
import { createSocketServer } from '../sockets.ts';

/** A real socket.io server on a free port, and bare sockets that say to it what no client of ours would. */
export class RealSockets {
  readonly server: Server;
  readonly url: string;
  /** The pages that were turned away. */
  readonly refused: { origin: string | undefined; host: string | undefined }[];
  readonly #clients: Socket[] = [];

  static async open(limitBytes = 1e6, origins: string[] = []): Promise<RealSockets> {
    const http = createServer();
    const refused: RealSockets['refused'] = [];
    const server = createSocketServer(http, {
      limitBytes,
      origins: () => origins,
      clock: new VirtualClock(),
      refused: (origin, host) => refused.push({ origin, host }),
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new RealSockets(server, refused, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  }

  private constructor(server: Server, refused: RealSockets['refused'], url: string) {
    this.server = server;
    this.refused = refused;
    this.url = url;
  }

  of(namespace: string): Namespace {
    return this.server.of(namespace);
  }

  /** A socket of a connection of its own, or of that of another one. */
  socket(namespace: string, options: object = {}, beside?: Socket): Socket {
    const settings = { transports: ['websocket'], forceNew: true, reconnection: false, ...options };
    const socket = beside?.io.socket(namespace) ?? io(`${this.url}${namespace}`, settings);
    socket.connect();
    this.#clients.push(socket);
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#clients) socket.disconnect();
    await this.server.close();
  }
}

/** Sends a request and gives its answer. */
export async function ask(
  socket: Socket,
  event: string,
  ...args: unknown[]
): Promise<Record<string, unknown>> {
  return (await socket.timeout(20_000).emitWithAck(event, ...args)) as Record<string, unknown>;
}

/** The first argument of the next such event. @throws {Error} where the server does not let the socket in. */
export function next<T>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    if (event !== 'connect_error') socket.once('connect_error', reject);
    socket.once(event, (value: T) => {
      socket.off('connect_error', reject);
      resolve(value);
    });
  });
}
