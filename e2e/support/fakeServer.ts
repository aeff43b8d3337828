import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { Cleanup } from './testServer.ts';

/**
 * A server of Tabswarm as far as its coordinator's namespace, which says what a test wants it to: for what no server of
 * ours would.
 * @param answer the answer to hello.
 * @param then done after it.
 * @returns its base.
 */
export async function openFakeServer(
  cleanup: Cleanup,
  answer: () => object,
  then: (socket: Socket) => void = () => undefined,
): Promise<string> {
  const http = createServer((_request, response) => response.end('<title>Tabswarm</title>'));
  const sockets = new Server(http, { transports: ['websocket'] });
  sockets.of(NAMESPACES.coordinator).on('connection', (socket) => {
    socket.on('hello', (_body: unknown, reply: (answer: object) => void) => {
      reply(answer());
      then(socket);
    });
    socket.on('ready', (_body: unknown, reply: (answer: object) => void) => reply({ outcome: 'OK' }));
  });
  sockets.of(/^\/shard\//);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  cleanup.add(() => sockets.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}
