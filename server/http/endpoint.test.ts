import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Endpoint } from './endpoint.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function opened(port = 0): Promise<Endpoint> {
  const endpoint = await Endpoint.open('127.0.0.1', port, null);
  closing.push(() => endpoint.close());
  return endpoint;
}

describe('an endpoint', () => {
  it('[HT1] answers 503, and when to ask again, until there is something to serve', async () => {
    const endpoint = await opened();
    const url = `http://127.0.0.1:${endpoint.port}/`;
    const early = await fetch(url);
    expect(early.status).toBe(503);
    expect(early.headers.get('retry-after')).toBe('1');
    endpoint.handle((_request, response) => response.end('served'));
    expect(await fetch(url).then((answer) => answer.text())).toBe('served');
  });

  it('keeps an idle connection for longer than a proxy does', async () => {
    const { port } = await opened();
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.headers.get('keep-alive')).toBe('timeout=72');
  });

  it('says what the system says of a port that is in use', async () => {
    const { port } = await opened();
    await expect(Endpoint.open('127.0.0.1', port, null)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('releases its port when it is closed, also while a connection is kept', async () => {
    const endpoint = await Endpoint.open('127.0.0.1', 0, null);
    await fetch(`http://127.0.0.1:${endpoint.port}/`);
    await endpoint.close();
    await opened(endpoint.port);
  });

  it('cuts a WebSocket that answers no closing', { timeout: 5000 }, async () => {
    const endpoint = await Endpoint.open('127.0.0.1', 0, null);
    const upgraded = once(endpoint.server, 'upgrade');
    const asleep = connect(endpoint.port, '127.0.0.1');
    asleep.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await upgraded;
    const cut = once(asleep, 'close');
    await endpoint.close();
    await cut;
  });
});
