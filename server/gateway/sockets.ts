import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { Clock } from '../core/clock.ts';
import { UplinkMeter } from './uplinkMeter.ts';

/** A connection that joins no namespace by then is closed. */
const CONNECT_WITHIN_MS = 10_000;

/** By connection, whichever of its namespaces a message came in by. */
const uplinks = new WeakMap<object, UplinkMeter>();

/** Is told of a page that was turned away, by the headers of its request. */
export type Refused = (origin: string | undefined, host: string | undefined) => void;

export interface SocketServerOptions {
  /** Bytes of a message at most. */
  limitBytes: number;
  /** Origins of pages that may connect, beside the server's own. */
  origins: () => string[];
  refused: Refused;
  clock: Clock;
}

/**
 * The socket.io server of the devices and the admin: websocket alone, messages bounded by the layout, and only
 * from pages of `origins` or of the server itself [PR6].
 */
export function createSocketServer(
  http: HttpServer,
  { limitBytes, origins, refused, clock }: SocketServerOptions,
): Server {
  const server = new Server(http, {
    transports: ['websocket'],
    serveClient: false,
    maxHttpBufferSize: limitBytes,
    connectTimeout: CONNECT_WITHIN_MS,
    allowRequest: ({ headers: { origin, host } }, allow) => {
      const accepted = isOwnOrigin(origin, host, origins());
      if (!accepted) refused(origin, host);
      allow(null, accepted);
    },
  });
  server.engine.on('connection', (connection: Socket['conn']) => {
    const uplink = new UplinkMeter(() => clock.now());
    uplinks.set(connection, uplink);
    // Before the messages that a read completes are handled.
    connection.request.socket.prependListener('data', ({ byteLength }: Buffer) => uplink.read(byteLength));
    connection.on('packet', () => uplink.ended());
  });
  return server;
}

/**
 * How fast what its device sends comes in, all namespaces together.
 * @throws {Error} where the socket is of another server than {@link createSocketServer}'s.
 */
export function uplinkOf(socket: Socket): UplinkMeter {
  const uplink = uplinks.get(socket.conn);
  if (uplink === undefined) throw new Error('a socket of another server');
  return uplink;
}

/** Programs send no Origin; a page must be the server's own or one that is named. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, named: string[]): boolean {
  if (origin === undefined) return true;
  if (named.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
