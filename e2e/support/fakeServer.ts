import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { Cleanup } from './testServer.ts';

/**
 * A server of Tabswarm as far as its coordinator's namespace, which says what a test wants it to: for what no server of
 * ours would.
 * @param answer the answer to hello.
 * @param then done after it.
 * @param pages base of a server whose pages it has.
 * @returns its base.
 */
export async function openFakeServer(
  cleanup: Cleanup,
  answer: () => object,
  then: (socket: Socket) => void = () => undefined,
  pages: string | null = null,
): Promise<string> {
  const http = createServer(pages === null ? NO_PAGES : pagesOf(pages));
  const sockets = new Server(http, { transports: ['websocket'] });
  sockets.of(NAMESPACES.coordinator).on('connection', (socket) => {
    socket.on('hello', (_body: unknown, reply: (answer: object) => void) => {
      reply(answer());
      then(socket);
    });
    socket.on('ready', (_body: unknown, reply: (answer: object) => void) => reply({ outcome: 'OK' }));
  });
  sockets.of(NAMESPACES.shards);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  cleanup.add(() => sockets.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}

const NO_PAGES: RequestListener = (_request, response) => response.end('<title>Tabswarm</title>');

function pagesOf(base: string): RequestListener {
  return ({ url = '' }, response) =>
    void fetch(new URL(url, base)).then(async (page) => {
      const type = page.headers.get('content-type') ?? '';
      response.writeHead(page.status, { 'content-type': type }).end(await page.bytes());
    });
}
