import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { cutKeyRanges, sliceOf } from '../../shared/model/ranges.ts';
import { messageLimit } from '../gateway/messageLimit.ts';
import { encodePack } from '../../shared/protocol/pack.ts';
import { decodePack } from '../../shared/testing/decodePack.ts';
import { hostAccessToken, macOfTerms } from '../core/mac.ts';
import { EVENTS, type LeaseTerms } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { ShardInit } from '../core/shard/shardPort.ts';
import { noiseVector, PLAIN_OPTIMIZER } from '../core/testing/plainModel.ts';
import { KEY, INCARNATION } from '../core/testing/testServer.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import type { MeteredTraffic } from '../gateway/trafficMeter.ts';
import { CONTROL_PATH, SECRET_HEADER } from './wire.ts';
import { HostConnection, RemoteShardError } from './hostConnection.ts';
import { RemoteShard } from './remoteShard.ts';
import { hostShards } from './shardHost.ts';
import { ask, next } from '../gateway/testing/realSockets.ts';

/* Both ends of the control connection over a real socket, and a device at the shard host. */

const SECRET = 'a secret of both';
const DEVICE = '0123456789ab';
const ranges = cutKeyRanges(1000, 2);
const [, range] = ranges;
if (range === undefined) throw new Error('there are two shards');
const ACCESS_KEY = new Uint8Array(32).fill(9);
const PARAMETERS = sliceOf(noiseVector(1, 1000), range);

const INIT: ShardInit = {
  index: 1,
  ranges,
  incarnation: INCARNATION,
  key: KEY,
  version: 3,
  updates: 3,
  parameters: PARAMETERS,
  optimizer: PLAIN_OPTIMIZER,
  average: null,
  deviceMomentum: 0,
  products: false,
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function hosting(secret = SECRET) {
  const http = createServer();
  const clock = new VirtualClock();
  const lines: string[] = [];
  const failures: unknown[] = [];
  const limits: number[] = [];
  const close = hostShards({
    http,
    secret,
    clock,
    openChannels: (maxMessageBytes) => {
      limits.push(maxMessageBytes);
      return null;
    },
    log: (line) => lines.push(line),
    failed: (error) => failures.push(error),
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  closing.push(() => http.close());
  closing.push(close);
  return { clock, lines, failures, limits, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

async function opened(url: string, { secret = SECRET, init = INIT } = {}) {
  const reported: unknown[] = [];
  const lost: string[] = [];
  const traffic = new Map<string, MeteredTraffic>();
  const host = { url, accessKey: ACCESS_KEY, origins: [], maxParameters: 2000 };
  const connection = await HostConnection.open(secret, host);
  closing.push(() => connection.close());
  const shard = new RemoteShard(connection, init);
  connection.listen(init.incarnation, {
    staged: (...args) => reported.push(['staged', ...args]),
    rejected: (...args) => reported.push(['rejected', ...args]),
    traffic: (shards, devices) => {
      for (const { shard: index, ...bytes } of shards) if (index === shard.index) shard.traffic = bytes;
      for (const [device, counted] of devices) traffic.set(device, counted);
    },
    lost: (error) => lost.push(error.message),
  });
  await shard.opened;
  return { shard, connection, reported, lost, traffic };
}

/** A device's socket to the shard host. */
function device(url: string) {
  const socket = io(`${url}${NAMESPACES.shards}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { device: DEVICE, accessToken: hostAccessToken(ACCESS_KEY, url, DEVICE) },
  });
  closing.push(() => socket.disconnect());
  return socket;
}

/** A push of values under a lease. */
function pushOf(lease: number, values: Float32Array) {
  const terms: LeaseTerms = {
    lease,
    device: DEVICE,
    incarnation: INCARNATION,
    baseVersion: 3,
    kind: 'gradient',
    samples: 32,
    deadline: 1e12,
    codec: 'float32',
  };
  const header = {
    kind: terms.kind,
    codec: 'float32' as const,
    incarnation: parseInt(INCARNATION, 16),
    baseVersion: 3,
    lease,
    shard: 1,
    offset: range?.offset ?? 0,
    length: values.length,
    samples: 32,
  };
  return [{ ...terms, mac: macOfTerms(KEY, terms, ranges) }, encodePack([{ header, values }])] as const;
}

describe('a shard in a process of its own', () => {
  it('[CM8] starts with what the coordinator has, and gives it back bit-identical', async () => {
    const { url } = await hosting();
    const { shard } = await opened(url);
    const { version, parameters } = await shard.snapshot();
    expect([version, parameters]).toEqual([3, PARAMETERS]);
  });

  it('[CM4] stages what a device pushes, tells of it, and commits when it is told to', async () => {
    const { url } = await hosting();
    const { shard, reported, traffic } = await opened(url);
    const pushing = ask(device(url), EVENTS.push, ...pushOf(7, new Float32Array(range.length).fill(0.5)));
    await expect.poll(() => reported.length).toBe(1);
    // Of blocks of 256 values: 512 to 768, and 232 that are left.
    expect(reported).toEqual([['staged', 1, 7, [64, 58], { leases: [], sums: new Float64Array(0) }]]);
    shard.commit({
      type: 'update',
      version: 4,
      rule: { shape: 'weighing' },
      members: [{ lease: 7, weight: 1 }],
    });
    const { weights, ...answer } = await pushing;
    expect(answer).toEqual({ outcome: 'APPLIED', version: 4 });
    const { version, parameters } = await shard.snapshot();
    expect(version).toBe(4);
    expect(decodePack(weights)).toMatchObject({ ok: true, frames: [{ values: parameters }] });
    const bytes = 4 * range.length;
    expect(shard.traffic).toEqual({ bytesUp: bytes, bytesDown: bytes });
    expect([...traffic.keys()]).toEqual([DEVICE]);
    expect(traffic.get(DEVICE)?.socketio).toEqual({ bytesUp: bytes, bytesDown: bytes });
  });

  it('[AT1] keeps the evidence of a lease until it is told to drop it, and gives it bit-identical', async () => {
    const { url } = await hosting();
    const { shard, reported } = await opened(url);
    shard.keepEvidence(7, 3);
    const update = sliceOf(noiseVector(2, 1000), range);
    void ask(device(url), EVENTS.push, ...pushOf(7, update)).catch(() => undefined);
    await expect.poll(() => reported.length).toBe(1);
    expect(await shard.evidence(7)).toEqual({ base: PARAMETERS, update });
    shard.dropEvidence(7);
    expect(await shard.evidence(7)).toBeNull();
  });

  it('[SL4] tells of the inner products with what is staged beside, where the run needs them', async () => {
    const { url } = await hosting();
    const { reported } = await opened(url, { init: { ...INIT, products: true } });
    const socket = device(url);
    const answers = [0.5, 0.1].map((value, index) =>
      ask(socket, EVENTS.push, ...pushOf(7 + index, new Float32Array(range.length).fill(value))),
    );
    await expect.poll(() => reported.length).toBe(2);
    const product = 0.5 * Math.fround(0.1);
    const sums = [256, 232].map((count) =>
      Array.from({ length: count }).reduce<number>((sum) => sum + product, 0),
    );
    expect(reported[1]).toEqual([
      'staged',
      1,
      8,
      expect.any(Array),
      { leases: [7], sums: Float64Array.from(sums) },
    ]);
    closing.unshift(() => Promise.allSettled(answers));
  });

  it('[CF1] [CF2] changes its settings when it is told to, and keeps its parameters', async () => {
    const { url } = await hosting();
    const { shard } = await opened(url);
    shard.commit({ type: 'configure', version: 4, changes: { optimizer: 'adam', lr: 0.01 } });
    const { version, parameters, optimizerState } = await shard.snapshot();
    expect([version, parameters]).toEqual([4, PARAMETERS]);
    expect(optimizerState.scalars).toEqual({ beta1Power: 1, beta2Power: 1 });
  });

  it('tells of a slice that is rejected, and answers a lease that is refused with the weights that it is told', async () => {
    const { url } = await hosting();
    const { shard, reported } = await opened(url);
    const socket = device(url);
    const poisoned = new Float32Array(range.length).fill(NaN);
    expect(await ask(socket, EVENTS.push, ...pushOf(7, poisoned))).toMatchObject({
      outcome: 'NOT_FINITE',
    });
    expect(reported).toEqual([['rejected', 1, 7, 'NOT_FINITE']]);
    const pushing = ask(socket, EVENTS.push, ...pushOf(8, new Float32Array(range.length)));
    await expect.poll(() => reported.length).toBe(2);
    shard.refuse(8, 'STALE', 3);
    const { weights, ...answer } = await pushing;
    expect(answer).toEqual({ outcome: 'STALE', version: 3 });
    expect(decodePack(weights)).toMatchObject({ ok: true, frames: [{ values: PARAMETERS }] });
  });

  it('is not there for a process with another secret, or none, nor where it has none itself', async () => {
    const { url, lines } = await hosting();
    for (const secret of ['', 'guessed']) {
      await expect(opened(url, { secret })).rejects.toThrow(/^no shard at .*, or it has another secret/);
    }
    const open = await hosting('');
    await expect(opened(open.url, { secret: '' })).rejects.toThrow(RemoteShardError);
    expect([lines, open.lines]).toEqual([[], []]);
  });

  it('is not there at all where nobody listens', async () => {
    await expect(opened('http://127.0.0.1:9')).rejects.toThrow(/^no shard at http:\/\/127\.0\.0\.1:9/);
  });

  it('serves one coordinator at a time, and the next when that is gone', async () => {
    const { url, lines } = await hosting();
    const first = await opened(url);
    await expect(opened(url)).rejects.toThrow(`the shard at ${url} serves another coordinator`);
    expect((await first.shard.snapshot()).version).toBe(3);
    first.connection.close();
    await expect.poll(() => lines.length).toBe(2);
    const second = await opened(url, { init: { ...INIT, version: 9 } });
    expect((await second.shard.snapshot()).version).toBe(9);
    expect(lines).toEqual([
      'a coordinator took this shard',
      'the coordinator is gone; this shard waits for the next one',
      'a coordinator took this shard',
    ]);
    expect(first.lost).toEqual([]);
  });

  it('[RN5] is lost with its connection, and asked for nothing after', async () => {
    const { url } = await hosting();
    const { shard, lost } = await opened(url);
    for (const close of closing.splice(0, 2)) await close();
    await expect.poll(() => lost).toEqual([`the shard at ${url} was lost`]);
    await expect(shard.snapshot()).rejects.toThrow(new RemoteShardError(`the shard at ${url} was lost`));
  });

  it('goes on when it is asked for a snapshot that nobody waits for', async () => {
    const { url, failures } = await hosting();
    const { shard, connection } = await opened(url);
    connection.send('snapshot', { incarnation: INCARNATION, shard: 1 });
    expect((await shard.snapshot()).version).toBe(3);
    expect(failures).toEqual([]);
  });

  it('lets no device in before it is opened, and drops them with the coordinator', async () => {
    const { url } = await hosting();
    await next(device(url), 'connect_error');
    const { connection } = await opened(url);
    const socket = device(url);
    await next(socket, 'connect');
    const gone = next(socket, 'disconnect');
    connection.close();
    await gone;
  });

  it('[PR6] takes messages for a model as large as the server says', async () => {
    const { url, limits } = await hosting();
    await opened(url);
    expect(limits).toEqual([messageLimit(2000)]);
  });

  it.each<[string, string, unknown]>([
    [
      'spoken to before it is told what it is',
      'commit',
      {
        incarnation: INCARNATION,
        shard: 1,
        record: { type: 'update', version: 4, rule: { shape: 'weighing' }, members: [] },
      },
    ],
    ['told what cannot be read', 'open', { index: 'one' }],
  ])(
    'ends the connection of a coordinator by which it is %s, and waits for the next',
    async (_name, event, body) => {
      const { url, failures } = await hosting();
      const control = io(url, {
        path: CONTROL_PATH,
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
        extraHeaders: { [SECRET_HEADER]: SECRET },
      });
      closing.push(() => control.disconnect());
      const gone = next(control, 'disconnect');
      control.emit(event, body, () => undefined);
      await gone;
      expect(failures).toHaveLength(1);
      expect((await opened(url).then(({ shard }) => shard.snapshot())).version).toBe(3);
    },
  );

  it('is closed although a connection stays, and leaves the server to its opener', async () => {
    const { url } = await hosting();
    const asleep = connect(Number(new URL(url).port), '127.0.0.1');
    await once(asleep, 'connect');
    for (const close of closing.splice(0)) await close();
    expect(asleep.destroyed).toBe(false);
    asleep.destroy();
  });

  it('tells of its traffic twice a second, and no more once it is closed', async () => {
    const { url, clock } = await hosting();
    const { shard } = await opened(url);
    await ask(device(url), EVENTS.pull, { incarnation: INCARNATION, version: 3 });
    expect(shard.traffic.bytesDown).toBe(0);
    clock.advance(500);
    await expect.poll(() => shard.traffic.bytesDown).toBe(4 * range.length);
  });
});
