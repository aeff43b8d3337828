import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';

/** A connection that joins no namespace by then is closed. */
const CONNECT_WITHIN_MS = 10_000;

/** Is told of a page that was turned away, by the headers of its request. */
export type Refused = (origin: string | undefined, host: string | undefined) => void;

export interface SocketServerOptions {
  limitBytes: number;
  /** Origins of pages that may connect, beside the server's own. */
  origins: () => string[];
  refused: Refused;
}

/**
 * The socket.io server of the devices and the admin: websocket alone, messages bounded by the layout, and only
 * from pages of `origins` or of the server itself [PR6].
 */
export function createSocketServer(
  http: HttpServer,
  { limitBytes, origins, refused }: SocketServerOptions,
): Server {
  return new Server(http, {
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
}

/** Programs send no Origin; a page must be the server's own or one that is named. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, named: string[]): boolean {
  if (origin === undefined) return true;
  if (named.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
