import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificate } from './tls.ts';

/** Seconds after which a client may ask again while the server starts. */
const RETRY_AFTER = '1';
/** Longer than the 60 s for which common proxies keep an idle connection, so that none sends on one that is closed here. */
const KEEP_ALIVE_MS = 72_000;
/** What has not ended by then is cut: the WebSocket of a tab that is asleep answers no closing. */
const CLOSE_WITHIN_MS = 1000;

/**
 * An HTTP or HTTPS server that has its port before there is anything to serve: what needs to know the port, such as data
 * channels and shards elsewhere, is opened in between. Until then every request is answered 503.
 */
export class Endpoint {
  readonly server: Server;
  readonly port: number;
  /** Those of WebSockets too, which the HTTP server forgets. */
  readonly #connections = new Set<Socket>();
  #handle: RequestListener = starting;

  /** @throws {Error} with the code of the system where the address cannot be listened on. */
  static async open(host: string, port: number, tls: Certificate | null): Promise<Endpoint> {
    const server = tls === null ? createServer() : createTlsServer(tls);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.listen(port, host);
    await once(server, 'listening');
    return new Endpoint(server);
  }

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (connection: Socket) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#handle(request, response);
    });
  }

  /** Answers requests by this handler from now on. */
  handle(handler: RequestListener): void {
    this.#handle = handler;
  }

  /** Lets the port go and ends every connection: requests at once, WebSockets by a second from now. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    const cutting = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, CLOSE_WITHIN_MS);
    await closed;
    clearTimeout(cutting);
  }
}

function starting(_request: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(503, { 'content-type': 'text/plain', 'retry-after': RETRY_AFTER })
    .end('The server is starting. Try again in a second.\n');
}
