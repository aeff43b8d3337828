import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CodecName } from '../../shared/codec/codecs.ts';
import { cutKeyRanges } from '../../shared/model/ranges.ts';
import { encodeFrame } from '../../shared/protocol/frame.ts';
import { decodeFrame } from '../../shared/testing/decodeFrame.ts';
import { macOfTerms, shardAccessToken } from '../core/mac.ts';
import { EVENTS, type LeaseTerms } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { Shard } from '../core/shard/shard.ts';
import { PLAIN_OPTIMIZER } from '../core/testing/plainModel.ts';
import { KEY, INCARNATION } from '../core/testing/testServer.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { MAX_IN_FLIGHT_AT_SHARD } from './limits.ts';
import { serveShards } from './shardGateway.ts';
import { ask, next, RealSockets } from './testing/realSockets.ts';
import { TrafficMeter } from './trafficMeter.ts';

/* Two shards behind their namespaces, over real sockets and under a virtual clock. */

const DEVICE = '0123456789ab';
const TOKEN = shardAccessToken(KEY, INCARNATION, DEVICE);
const ranges = cutKeyRanges(1000, 2);
const lengthOf = (index: number) => ranges[index]?.length ?? 0;

let sockets: RealSockets;
beforeEach(async () => void (sockets = await RealSockets.open()));
afterEach(() => sockets.close());

function serving() {
  const clock = new VirtualClock();
  const meter = new TrafficMeter();
  const failures: unknown[] = [];
  const staged: number[] = [];
  const shards = ranges.map(
    ({ length }, index) =>
      new Shard(
        {
          index,
          ranges,
          incarnation: INCARNATION,
          key: KEY,
          version: 0,
          updates: 3,
          parameters: new Float32Array(length).fill(index + 1),
          optimizer: PLAIN_OPTIMIZER,
          average: null,
        },
        clock,
        { staged: (lease) => staged.push(lease), rejected: () => undefined },
      ),
  );
  serveShards(sockets.server, { shards, meter, channels: null, failed: (error) => failures.push(error) });
  const connect = (index: number, auth: object = { device: DEVICE, shardAccessToken: TOKEN }) =>
    sockets.socket(NAMESPACES.shard(index), { auth });
  return { clock, meter, failures, staged, shards, connect };
}

/** A lease and the frame of one shard's slice of its update. */
function updateOf(index: number, codec: CodecName = 'float32', lease = 1) {
  const terms: LeaseTerms = {
    lease,
    device: DEVICE,
    incarnation: INCARNATION,
    baseVersion: 0,
    kind: 'gradient',
    samples: 32,
    deadline: 10_000,
    codec,
  };
  const values = new Float32Array(lengthOf(index)).fill(0.5);
  const header = {
    kind: terms.kind,
    codec,
    incarnation: parseInt(INCARNATION, 16),
    baseVersion: 0,
    lease,
    shard: index,
    offset: ranges[index]?.offset ?? 0,
    length: values.length,
    samples: terms.samples,
  };
  return { terms: { ...terms, mac: macOfTerms(KEY, terms, ranges) }, frame: encodeFrame(header, values) };
}

describe('the namespace of a shard', () => {
  it.each([
    ['nothing', {}],
    ['no access token', { device: DEVICE }],
    ['another access token', { device: DEVICE, shardAccessToken: '0'.repeat(32) }],
    ["another device's access token", { device: 'ba9876543210', shardAccessToken: TOKEN }],
    ['something more', { device: DEVICE, shardAccessToken: TOKEN, more: 1 }],
  ])('[AU1] is closed to a device that shows %s', async (_name, auth) => {
    const { connect } = serving();
    expect((await next<Error>(connect(0, auth), 'connect_error')).message).toBe('NOT_JOINED');
  });

  it('[CM6] gives the slice of a version as one frame of exactly that', async () => {
    const { connect, meter } = serving();
    for (const index of [0, 1]) {
      const { weights, ...answer } = await ask(connect(index), EVENTS.pull, { version: 0 });
      expect(answer).toEqual({ outcome: 'OK', version: 0 });
      expect(decodeFrame(weights)).toEqual({
        ok: true,
        frame: {
          header: {
            kind: 'weights',
            codec: 'float32',
            incarnation: parseInt(INCARNATION, 16),
            baseVersion: 0,
            lease: 0,
            shard: index,
            ...ranges[index],
            samples: 0,
          },
          values: new Float32Array(lengthOf(index)).fill(index + 1),
        },
      });
    }
    expect(meter.of(DEVICE).socketio).toEqual({ bytesUp: 0, bytesDown: 4000 });
  });

  it('[CM5] [LS1] stages a slice under its lease, and answers the push when that is decided', async () => {
    const { connect, shards, staged, meter } = serving();
    const { terms, frame } = updateOf(1);
    const pushing = ask(connect(1), EVENTS.push, terms, frame);
    await expect.poll(() => staged).toEqual([1]);
    shards[1]?.commit({
      type: 'update',
      version: 1,
      rule: { shape: 'weighing' },
      members: [{ lease: 1, weight: 1 }],
    });
    const { weights, ...answer } = await pushing;
    expect(answer).toEqual({ outcome: 'APPLIED', version: 1 });
    expect(decodeFrame(weights)).toMatchObject({ ok: true, frame: { header: { baseVersion: 1 } } });
    const bytes = 4 * lengthOf(1);
    expect(meter.of(DEVICE).socketio).toEqual({ bytesUp: bytes, bytesDown: bytes });
  });

  it('[CD8] counts an update in float16 by the bytes that came, and the weights as float32', async () => {
    const { connect, shards, staged, meter } = serving();
    const { terms, frame } = updateOf(1, 'float16');
    const pushing = ask(connect(1), EVENTS.push, terms, frame);
    await expect.poll(() => staged).toEqual([1]);
    shards[1]?.commit({
      type: 'update',
      version: 1,
      rule: { shape: 'weighing' },
      members: [{ lease: 1, weight: 1 }],
    });
    expect(await pushing).toMatchObject({ outcome: 'APPLIED' });
    const length = lengthOf(1);
    expect(meter.of(DEVICE).socketio).toEqual({ bytesUp: 2 * length, bytesDown: 4 * length });
  });

  const { terms, frame } = updateOf(0);
  it.each<[string, string, unknown[], object]>([
    ['a pull of nothing', EVENTS.pull, [{}], { outcome: 'MALFORMED', reason: 'pull names a version' }],
    [
      'a push without terms',
      EVENTS.push,
      [{}, frame],
      { outcome: 'MALFORMED', reason: 'push comes with the terms of its lease' },
    ],
    ['a push without a frame', EVENTS.push, [terms], { outcome: 'MALFORMED', reason: 'not bytes' }],
    [
      'a push of a frame with a bit changed',
      EVENTS.push,
      [terms, frame.with(60, 1)],
      { outcome: 'CORRUPT', reason: 'checksum does not match' },
    ],
    [
      'an offer where there are no data channels',
      EVENTS.signal,
      [{ offer: '' }],
      { outcome: 'UNAVAILABLE', reason: 'this server has no data channels' },
    ],
    [
      'an offer of nothing',
      EVENTS.signal,
      [{}],
      { outcome: 'MALFORMED', reason: 'signal comes with an offer' },
    ],
  ])('[PR4] answers %s by name, and stages and counts nothing', async (_name, event, args, answer) => {
    const { connect, staged, meter, failures } = serving();
    expect(await ask(connect(0), event, ...args)).toEqual(answer);
    expect([staged, failures, meter.of(DEVICE).newest]).toEqual([[], [], null]);
  });

  it('[LS11] stages nothing for a device that the lease is not of', async () => {
    const { connect, staged } = serving();
    const other = 'ba9876543210';
    const socket = connect(0, { device: other, shardAccessToken: shardAccessToken(KEY, INCARNATION, other) });
    expect(await ask(socket, EVENTS.push, terms, frame)).toMatchObject({ outcome: 'UNKNOWN_LEASE' });
    expect(staged).toEqual([]);
  });

  it('[PR7] [PR14] takes 64 requests that wait, answers a further one BUSY, and takes more as they are answered', async () => {
    const { connect, clock } = serving();
    const socket = connect(0);
    expect(MAX_IN_FLIGHT_AT_SHARD).toBe(64);
    // Nobody decides on version 1: all of these wait.
    const waiting = Array.from({ length: 64 }, () => ask(socket, EVENTS.pull, { version: 1 }));
    expect(await ask(socket, EVENTS.pull, { version: 0 })).toEqual({
      outcome: 'BUSY',
      reason: 'more than 64 requests at once',
    });
    // The other shard has room of its own.
    expect(await ask(connect(1), EVENTS.pull, { version: 0 })).toMatchObject({ outcome: 'OK' });
    clock.advance(5000);
    for (const answer of await Promise.all(waiting))
      expect(answer).toMatchObject({ outcome: 'VERSION_GONE' });
    expect(await ask(socket, EVENTS.pull, { version: 0 })).toMatchObject({ outcome: 'OK' });
  });
});
