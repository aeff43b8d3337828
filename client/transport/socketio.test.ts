import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import type { Socket as ClientSocket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { TEST_PROFILE } from '../../shared/profile/testing/profile.ts';
import { UNKNOWN_CONDITIONS } from '../../shared/profile/profile.ts';
import type { Hello, Lease, Refusal, RunDescription, RunStatus } from '../../shared/protocol/messages.ts';
import { NAMESPACES, PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { NO_BYTES, TransportEnded } from './transport.ts';
import { ConnectionLost, type BareConnection, type CoordinatorEvents } from './connection.ts';
import { connectSocketIo } from './socketio.ts';
import { SocketTransport } from './socketTransport.ts';
import { TERMS, VALUES, weightsOf, WELCOMED } from './testing/scriptedTransport.ts';

/* The device's sockets against a real socket.io server that says what a test has it say. */

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server without namespaces, and its URL. */
async function listening() {
  const http = createServer();
  const io = new Server(http, { path: '/socket.io/' });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => io.close());
  return { io, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

type Told =
  | { told: 'connected' | 'disconnected' }
  | { told: string; body: Lease | RunDescription | RunStatus | Refusal | string };

/** What a device is told, in order; a test waits for the next. */
class Diary {
  readonly all: Told[] = [];
  #woken: () => void = () => undefined;
  #read = 0;

  note(entry: Told): void {
    this.all.push(entry);
    this.#woken();
  }

  async next(): Promise<Told> {
    for (;;) {
      const entry = this.all[this.#read];
      if (entry !== undefined) {
        this.#read++;
        return entry;
      }
      await new Promise<void>((resolve) => (this.#woken = resolve));
    }
  }
}

function device(url: string) {
  const diary = new Diary();
  const connection = connectSocketIo(url, {
    connected: () => diary.note({ told: 'connected' }),
    disconnected: () => diary.note({ told: 'disconnected' }),
    run: (body) => diary.note({ told: 'run', body }),
    lease: (body) => diary.note({ told: 'lease', body }),
    status: (body) => diary.note({ told: 'status', body }),
    reserve: (body) => diary.note({ told: 'reserve', body: String(body) }),
    closing: (body) => diary.note({ told: 'closing', body }),
    garbled: (body) => diary.note({ told: 'garbled', body }),
  });
  closing.push(() => connection.close());
  return { connection, diary };
}

/** A server and a device that is connected to its coordinator, which answers as it is told. */
async function connectedDevice(
  answer: (event: string, body: unknown) => unknown = () => ({ outcome: 'OK' }),
) {
  const server = await listening();
  const asked: [string, unknown][] = [];
  const sockets: Socket[] = [];
  server.io.of(NAMESPACES.coordinator).on('connection', (socket) => {
    sockets.push(socket);
    socket.onAny((event: string, body: unknown, done: (answer: unknown) => void) => {
      asked.push([event, body]);
      const said = answer(event, body);
      if (said !== undefined) done(said);
    });
  });
  const { connection, diary } = device(server.url);
  expect(await diary.next()).toEqual({ told: 'connected' });
  const socket = () => sockets.at(-1) ?? expect.fail('no device is connected');
  return { ...server, connection, diary, asked, socket };
}

const HELLO: Hello = { protocol: PROTOCOL_VERSION, join: '', profile: TEST_PROFILE };
const READY = { engine: null, trials: [], workers: 1, conditions: UNKNOWN_CONDITIONS };

describe('the coordinator by its socket', () => {
  it('is asked each request by its event, and answers it', async () => {
    const { connection, asked } = await connectedDevice((event) =>
      event === 'hello' ? WELCOMED : { outcome: 'OK' },
    );
    const { coordinator } = connection;
    expect(await coordinator.hello(HELLO)).toEqual(WELCOMED);
    await coordinator.ready(READY);
    await coordinator.release(7, 'x'.repeat(300));
    await coordinator.leave();
    expect(asked).toEqual([
      ['hello', HELLO],
      ['ready', READY],
      ['release', { lease: 7, reason: 'x'.repeat(200) }],
      ['leave', {}],
    ]);
  });

  it('refuses by an outcome, which hello gives and the others fail with', async () => {
    const refused = { outcome: 'NOT_JOINED', reason: 'say hello first' };
    const { coordinator } = (await connectedDevice(() => refused)).connection;
    expect(await coordinator.hello(HELLO)).toEqual(refused);
    await expect(coordinator.ready(READY)).rejects.toThrow('ready: say hello first');
    await expect(coordinator.release(7, '')).rejects.toThrow('release: say hello first');
    await expect(coordinator.leave()).rejects.toThrow('leave: say hello first');
  });

  it('may have settled a lease before it is released', async () => {
    const { coordinator } = (await connectedDevice(() => ({ outcome: 'UNKNOWN_LEASE' }))).connection;
    await coordinator.release(7, '');
    await expect(coordinator.ready(READY)).rejects.toThrow(/^ready: The server granted no such lease/);
  });

  it('that says what is no answer is at fault', async () => {
    const { coordinator } = (await connectedDevice(() => ({ outcome: 'FINE' }))).connection;
    const error: unknown = await coordinator.ready(READY).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(ConnectionLost);
  });

  it('tells of leases, of the run and of why it closes', async () => {
    const { diary, socket } = await connectedDevice();
    const dataShard = { index: 3, path: `/data/${'d'.repeat(32)}.bin`, samples: 1000 };
    const lease: Lease = {
      terms: TERMS,
      unit: { dataShard, seed: 5, start: 0, batch: 32, local: null },
      remainingMs: 15_000,
    };
    const status: RunStatus = {
      state: 'running',
      stop: null,
      model: 'lenet',
      version: 3,
      updates: 3,
      samples: 96,
      devices: 1,
      testAccuracy: null,
      testImages: 10_000,
    };
    const full: Refusal = { outcome: 'FULL' };
    socket().emit('lease', lease);
    socket().emit('status', status);
    socket().emit('closing', full);
    expect([await diary.next(), await diary.next(), await diary.next()]).toEqual([
      { told: 'lease', body: lease },
      { told: 'status', body: status },
      { told: 'closing', body: full },
    ]);
  });

  it.each(['lease', 'status', 'reserve', 'closing'])(
    '[PR9] names a %s that cannot be read',
    async (event) => {
      const { diary, socket } = await connectedDevice();
      socket().emit(event, { outcome: 'FINE' });
      const body = expect.stringMatching(`^the server sent a ${event} that cannot be read: .+`) as string;
      expect(await diary.next()).toEqual({ told: 'garbled', body });
    },
  );
});

describe('a connection that ends', () => {
  it('is told, leaves what was asked unanswered, and comes back automatically though the server closed it', async () => {
    const { connection, diary, socket } = await connectedDevice(() => undefined);
    const waiting = expect(connection.coordinator.ready(READY)).rejects.toThrow(
      new ConnectionLost('the coordinator gave no answer'),
    );
    socket().disconnect(true);
    await waiting;
    expect([await diary.next(), await diary.next()]).toEqual([
      { told: 'disconnected' },
      { told: 'connected' },
    ]);
  });

  it('comes again after a cut of the network', async () => {
    const { diary, socket } = await connectedDevice();
    socket().conn.close();
    expect([await diary.next(), await diary.next()]).toEqual([
      { told: 'disconnected' },
      { told: 'connected' },
    ]);
  });

  it('carries nothing into the next that was asked before it was open', async () => {
    const { connection, diary, socket, asked } = await connectedDevice((event) =>
      event === 'hello' ? WELCOMED : undefined,
    );
    socket().disconnect(true);
    expect(await diary.next()).toEqual({ told: 'disconnected' });
    await expect(connection.coordinator.release(7, 'late')).rejects.toThrow(ConnectionLost);
    expect(await diary.next()).toEqual({ told: 'connected' });
    await connection.coordinator.hello(HELLO);
    expect(asked).toEqual([['hello', HELLO]]);
  });

  it('is opened again when it is started again', async () => {
    const { connection, diary } = await connectedDevice();
    connection.restart();
    expect([await diary.next(), await diary.next()]).toEqual([
      { told: 'disconnected' },
      { told: 'connected' },
    ]);
  });

  it('finds a server that has the coordinator only later', async () => {
    const { io, url } = await listening();
    const asked: string[] = [];
    io.of((name, _auth, next) => next(null, asked.push(name) > 1));
    const { diary } = device(url);
    expect(await diary.next()).toEqual({ told: 'connected' });
    expect(asked).toEqual([NAMESPACES.coordinator, NAMESPACES.coordinator]);
  });

  it('that fails is reported each time', async () => {
    const { io, url } = await listening();
    await io.close();
    let failures = 0;
    await new Promise<void>((resolve) => {
      const connection = connectSocketIo(url, {} as CoordinatorEvents, undefined, () => {
        if (++failures === 2) resolve();
      });
      closing.push(() => connection.close());
    });
    expect(failures).toBe(2);
  });

  it('stays away once it is closed, also where it was about to come again', async () => {
    const { connection, diary, io, socket } = await connectedDevice();
    socket().disconnect(true);
    expect(await diary.next()).toEqual({ told: 'disconnected' });
    connection.close();
    // It would come again in a second: another device that disconnects at the same time is back by then.
    const other = device(await urlOf(io));
    await other.diary.next();
    other.connection.restart();
    expect([await other.diary.next(), await other.diary.next()]).toEqual([
      { told: 'disconnected' },
      { told: 'connected' },
    ]);
    expect(diary.all).toEqual([{ told: 'connected' }, { told: 'disconnected' }]);
  });
});

const urlOf = (io: Server) =>
  Promise.resolve(
    `http://127.0.0.1:${((io.httpServer as ReturnType<typeof createServer>).address() as AddressInfo).port}`,
  );

describe('a shard host by its socket', () => {
  /** A server that keeps which device came with which access token, and answers as scripted. */
  async function oneHost(answer: (event: string, ...args: unknown[]) => unknown) {
    const server = await listening();
    const shown: unknown[] = [];
    const sockets: Socket[] = [];
    const asked: unknown[][] = [];
    server.io.of(NAMESPACES.shards).on('connection', (socket) => {
      shown.push(socket.handshake.auth);
      sockets.push(socket);
      socket.onAny((event: string, ...args: unknown[]) => {
        const done = args.pop() as (answer: unknown) => void;
        asked.push([event, ...args]);
        const said = answer(event, ...args);
        if (said !== undefined) done(said);
      });
    });
    const { connection } = device(server.url);
    return { ...server, connection, shown, sockets, asked };
  }
  const request = (bytes: Uint8Array<ArrayBuffer> = NO_BYTES, withinMs = 20_000) => ({
    event: 'push',
    body: { version: 1 },
    bytes,
    withinMs,
  });
  const open = (connection: BareConnection, accessToken = 'b'.repeat(32)) =>
    connection.openHost('', TERMS.device, accessToken);

  it('[AU1] is shown the access token of the run', async () => {
    const { connection, shown } = await oneHost(() => ({ outcome: 'OK' }));
    await open(connection).request(request());
    expect(shown).toEqual([{ device: TERMS.device, accessToken: 'b'.repeat(32) }]);
  });

  it('[TR1] takes a body, with bytes where there are some, and gives the bytes of an answer apart', async () => {
    const weights = weightsOf(5);
    const { connection, asked } = await oneHost((_event, _body, bytes) =>
      bytes === undefined ? { outcome: 'OK' } : { outcome: 'APPLIED', version: 5, weights },
    );
    const transport = open(connection);
    expect(transport.name).toBe('socketio');
    expect(await transport.request(request())).toEqual({ answer: { outcome: 'OK' }, bytes: NO_BYTES });
    const bytes = new Uint8Array(VALUES.slice().buffer);
    expect(await transport.request(request(bytes))).toEqual({
      answer: { outcome: 'APPLIED', version: 5 },
      bytes: Buffer.from(weights),
    });
    expect(asked).toEqual([
      ['push', { version: 1 }],
      ['push', { version: 1 }, Buffer.from(bytes)],
    ]);
  });

  it.each<[string, (socket: Socket) => unknown, number]>([
    ['the server closes', (socket) => socket.disconnect(true), 20_000],
    ['the network is cut', (socket) => socket.conn.close(), 20_000],
    ['no answer comes in time', () => undefined, 50],
  ])('[TR2] fails what is unanswered when %s', async (_name, end, withinMs) => {
    const { connection, sockets, asked } = await oneHost(() => undefined);
    const failing = expect(open(connection).request(request(NO_BYTES, withinMs))).rejects.toThrow(
      TransportEnded,
    );
    await expect.poll(() => asked.length).toBe(1);
    for (const socket of sockets) end(socket);
    await failing;
  });

  it('[TR2] fails what still waits for a connection when that to the coordinator is closed', async () => {
    const { connection } = await oneHost(() => ({ outcome: 'OK' }));
    const waiting = open(connection).request(request(NO_BYTES, 3_600_000));
    connection.close();
    await expect(waiting).rejects.toThrow(TransportEnded);
  });

  it('[TR2] fails at once where it does not let the device in', async () => {
    const { io, connection } = await oneHost(() => ({ outcome: 'OK' }));
    io.of(NAMESPACES.shards).use((_socket, next) => next(new Error('NOT_JOINED')));
    await expect(open(connection).request(request())).rejects.toThrow(TransportEnded);
  });

  it('is left when the connection is closed', async () => {
    const { connection, sockets } = await oneHost(() => undefined);
    open(connection);
    await expect.poll(() => sockets.length).toBe(1);
    const left = sockets.map((socket) => once(socket, 'disconnect'));
    connection.close();
    await Promise.all(left);
  });

  it('[TR1] gives the bytes of an answer as a browser brings them, too', async () => {
    const weights = weightsOf(5);
    const browsers = {
      connected: true,
      once: () => undefined,
      off: () => undefined,
      timeout: () => ({
        emitWithAck: () => Promise.resolve({ outcome: 'OK', weights: weights.buffer }),
      }),
    };
    const transport = new SocketTransport(browsers as unknown as ClientSocket);
    expect(await transport.request(request())).toEqual({ answer: { outcome: 'OK' }, bytes: weights });
  });

  it('[AU1] is left when the coordinator is lost, and shown the access token of the next connection', async () => {
    const { io, connection, sockets, shown } = await oneHost(() => ({ outcome: 'OK' }));
    const coordinators: Socket[] = [];
    io.of(NAMESPACES.coordinator).on('connection', (socket) => coordinators.push(socket));
    open(connection);
    await expect.poll(() => [coordinators.length, sockets.length]).toEqual([1, 1]);
    const left = sockets.map((socket) => once(socket, 'disconnect'));
    coordinators[0]?.disconnect();
    await Promise.all(left);
    await open(connection, 'c'.repeat(32)).request(request());
    expect(shown).toMatchObject([{ accessToken: 'b'.repeat(32) }, { accessToken: 'c'.repeat(32) }]);
  });

  it('may be a server of its own', async () => {
    const elsewhere = await listening();
    elsewhere.io.of(NAMESPACES.shards).on('connection', (socket) => {
      socket.onAny((_event, _body, done: (answer: unknown) => void) =>
        done({ outcome: 'OK', reason: 'elsewhere' }),
      );
    });
    const { connection } = await oneHost(() => ({ outcome: 'OK', reason: 'here' }));
    const there = connection.openHost(elsewhere.url, TERMS.device, 'b'.repeat(32));
    const answers = await Promise.all([open(connection).request(request()), there.request(request())]);
    expect(answers.map(({ answer }) => answer['reason'])).toEqual(['here', 'elsewhere']);
  });
});
