import { afterEach, describe, expect, it } from 'vitest';
import { isOwnOrigin, uplinkOf } from './sockets.ts';
import { ask, next, RealSockets } from './testing/realSockets.ts';
import type { UplinkMeter } from './uplinkMeter.ts';

let sockets: RealSockets | null = null;
afterEach(async () => {
  await sockets?.close();
  sockets = null;
});

/** A server of one namespace that tells how many bytes it was sent. */
async function measuring(limitBytes: number, origins: string[] = []) {
  const opened = await RealSockets.open(limitBytes, origins);
  sockets = opened;
  opened.of('/a').on('connection', (socket) => {
    socket.on('size', (bytes: Uint8Array, done: (answer: object) => void) =>
      done({ size: bytes.byteLength }),
    );
  });
  return opened;
}

describe('a page of another origin', () => {
  it.each<[string | undefined, string | undefined, boolean]>([
    [undefined, 'tabs.example', true],
    ['https://tabs.example', 'tabs.example', true],
    ['http://tabs.example:8080', 'tabs.example:8080', true],
    ['http://tabs.example', 'tabs.example:8080', false],
    ['https://evil.example', 'tabs.example', false],
    ['https://tabs.example.evil.example', 'tabs.example', false],
    ['https://named.example', 'tabs.example', true],
    ['http://named.example', 'tabs.example', false],
    ['null', 'tabs.example', false],
    ['', undefined, false],
    ['https://tabs.example', undefined, false],
  ])('[PR13] is %s at %s: may connect: %s', (origin, host, may) => {
    expect(isOwnOrigin(origin, host, ['https://named.example'])).toBe(may);
  });

  it('[PR13] is turned away before it says anything, and the server is told', async () => {
    const opened = await measuring(1000, ['https://named.example']);
    const from = (origin: string) => opened.socket('/a', { extraHeaders: { origin } });
    await next(from('http://evil.example'), 'connect_error');
    expect(opened.refused).toEqual([{ origin: 'http://evil.example', host: new URL(opened.url).host }]);
    await next(from(opened.url), 'connect');
    await next(from('https://named.example'), 'connect');
    expect(opened.refused).toHaveLength(1);
  });
});

describe('a message', () => {
  it('[PR6] above the limit closes the connection that it came by, and no other', async () => {
    const opened = await measuring(10_000);
    const bystander = opened.socket('/a');
    const socket = opened.socket('/a');
    expect(await ask(socket, 'size', new Uint8Array(9_000))).toEqual({ size: 9_000 });
    const closed = next<string>(socket, 'disconnect');
    socket.emit('size', new Uint8Array(10_001));
    expect(await closed).toMatch(/^transport (close|error)$/);
    expect(await ask(bystander, 'size', new Uint8Array(1))).toEqual({ size: 1 });
  });

  it('[PR6] comes by a websocket, and by nothing else', async () => {
    const { url } = await measuring(1000);
    const polling = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect([polling.status, await polling.json()]).toEqual([400, { code: 0, message: 'Transport unknown' }]);
    const script = await fetch(`${url}/socket.io/socket.io.js`).then(({ status }) => status);
    expect(script).toBe(400);
  });
});

describe('a connection', () => {
  it('tells how fast its messages come in, all namespaces together', async () => {
    const opened = await measuring(1e6);
    const uplinks: UplinkMeter[] = [];
    for (const namespace of ['/a', '/b']) {
      opened.of(namespace).on('connection', (socket) => uplinks.push(uplinkOf(socket)));
    }
    const socket = opened.socket('/a');
    await ask(socket, 'size', new Uint8Array(1));
    await next(opened.socket('/b', {}, socket), 'connect');
    const uplink = uplinks[0] ?? expect.fail('nobody came');
    expect(uplinks[1]).toBe(uplink);
    expect(uplink.bytesPerSecond).toBeNull();
    await ask(socket, 'size', new Uint8Array(900_000));
    expect(uplink.bytesPerSecond).not.toBeNull();
  });
});
