import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { Server as SocketServer } from 'socket.io';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificate } from '../http/tls.ts';
import { reach } from './reach.ts';

/** Listens for the length of a test; the base of what is there. */
async function listen(server: Server, scheme = 'http'): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const answering = (status: number, text = '', headers = {}): RequestListener => {
  return (_request, response) =>
    void response.writeHead(status, { connection: 'close', ...headers }).end(text);
};
const PAGE = '<!doctype html><title>Tabswarm</title>';

/** A server of Tabswarm, as far as a device gets before it says hello. */
function tabswarm<Http extends Server>(server: Http, path = '/socket.io/', namespace = '/coordinator'): Http {
  const sockets = new SocketServer(server as never, { transports: ['websocket'], path });
  sockets.of(namespace);
  onTestFinished(() => void sockets.close());
  return server;
}

const secure = async (listener: RequestListener) =>
  createTlsServer(await certificate(undefined, ['127.0.0.1'], new Date()), listener);

describe('the server that an address leads to', () => {
  it('[CL1] is there, by http and by https, at the root of its host and below a path', async () => {
    const http = await listen(tabswarm(createServer(answering(200, PAGE))));
    expect(await reach(http)).toEqual({ kind: 'there', selfSigned: false });
    const https = await listen(tabswarm(await secure(answering(200, PAGE))), 'https');
    expect(await reach(https)).toEqual({ kind: 'there', selfSigned: true });
    const below = await listen(tabswarm(createServer(answering(404)), '/swarm/socket.io/'));
    expect(await reach(new URL('/swarm/', below))).toEqual({ kind: 'there', selfSigned: false });
  });

  it('[CL1] may be there later', async () => {
    const closed = createServer();
    const dead = await listen(closed);
    closed.close();
    expect(await reach(dead)).toEqual({ kind: 'absent', reason: 'nothing listens there' });
    const closing = await listen(createTcpServer((socket) => socket.destroy()));
    const reason = 'it closes the connection without an answer';
    expect(await reach(closing)).toEqual({ kind: 'absent', reason });
    const proxy = await listen(createServer(answering(502)));
    expect(await reach(proxy)).toMatchObject({
      kind: 'absent',
      reason: expect.stringContaining('502') as string,
    });
    const starting = await listen(tabswarm(createServer(answering(200, PAGE)), '/socket.io/', '/other'));
    expect(await reach(starting)).toEqual({ kind: 'absent', reason: 'it is there, but has no run yet' });
  });

  it('[CL4] speaks the other scheme, which is named', async () => {
    const https = await listen(await secure(answering(200, PAGE)));
    expect(await reach(https)).toEqual({
      kind: 'wrong',
      reason: `it speaks https, not http; try https://127.0.0.1:${https.port}/`,
    });
    const http = await listen(createServer(answering(200, PAGE)), 'https');
    expect(await reach(http)).toEqual({
      kind: 'wrong',
      reason: `it speaks http, not https; try http://127.0.0.1:${http.port}/`,
    });
  });

  it.each<[string, RequestListener, string]>([
    ['another program', answering(200, '<h1>It works</h1>'), 'another program answers there'],
    ['nothing at this path', answering(404), 'it answers 404'],
    [
      'a shard',
      answering(404, 'A shard of Tabswarm: there are no pages here.\n'),
      'it is a shard of Tabswarm',
    ],
    [
      'an address that sends on',
      answering(301, '', { location: '/swarm/' }),
      'it sends on to http://127.0.0.1:',
    ],
    ['a proxy without upgrades', answering(200, PAGE), 'a proxy has to pass /socket.io/ with upgrades'],
  ])('[CL1] is %s', async (_name, listener, reason) => {
    const found = await reach(await listen(createServer(listener)));
    expect(found).toMatchObject({ kind: 'wrong', reason: expect.stringContaining(reason) as string });
  });
});
