import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Cleanup } from './testServer.ts';

export interface ReverseProxyOptions {
  /** What of a path the proxy cuts off, for instance `/swarm`; anything else is answered 404. */
  prefix?: string;
  /** Whether WebSocket upgrades pass. */
  upgrades?: boolean;
  /** The Host header that the server is asked with; that of the browser where none is given. */
  host?: string;
}

/**
 * A reverse proxy before a server.
 * @returns the base of the server behind it.
 */
export async function openReverseProxy(
  cleanup: Cleanup,
  server: string,
  { prefix = '', upgrades = true, host }: ReverseProxyOptions = {},
): Promise<string> {
  const { hostname, port } = new URL(server);
  const sockets = new Set<Socket>();
  const ask = ({ method, url = '', headers: sent }: IncomingMessage) => {
    const headers = { ...sent, host: host ?? sent.host };
    // A proxy that knows nothing of upgrades passes no header of one connection on to the next.
    if (!upgrades) {
      delete headers.upgrade;
      headers.connection = 'close';
    }
    return request({ hostname, port, method, path: url.slice(prefix.length), headers });
  };
  const proxy = createServer((incoming, response) => {
    if (incoming.url?.startsWith(`${prefix}/`) !== true) {
      response.writeHead(404).end();
      return;
    }
    const asked = ask(incoming);
    asked.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.writeHead(502).end());
    incoming.pipe(asked);
  });
  if (upgrades) proxy.on('upgrade', (incoming: IncomingMessage, near: Socket) => pass(ask(incoming), near));
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  cleanup.add(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}/`;
}

/** Joins the two ends of an upgraded connection. */
function pass(asked: ReturnType<typeof request>, near: Socket): void {
  near.on('close', () => asked.destroy());
  asked.on('error', () => near.destroy());
  asked.on('response', () => near.destroy());
  asked.on('upgrade', (answer, far: Socket, head: Buffer) => {
    const headers = answer.rawHeaders.map((text, place) => (place % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    near.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
    near.write(head);
    far.on('close', () => near.destroy()).on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far).pipe(near);
  });
  asked.end();
}
