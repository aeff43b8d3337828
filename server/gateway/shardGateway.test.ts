import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CodecName } from '../../shared/codec/codecs.ts';
import { cutKeyRanges } from '../../shared/model/ranges.ts';
import { encodePack } from '../../shared/protocol/pack.ts';
import { decodePack } from '../../shared/testing/decodePack.ts';
import { hostAccessToken, macOfTerms } from '../core/mac.ts';
import { EVENTS, type LeaseTerms } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import { Shard } from '../core/shard/shard.ts';
import { PLAIN_OPTIMIZER } from '../core/testing/plainModel.ts';
import { KEY, INCARNATION } from '../core/testing/testServer.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { MAX_IN_FLIGHT_AT_HOST } from './limits.ts';
import { HostedRuns } from './hostedRuns.ts';
import { serveShards } from './shardGateway.ts';
import { ask, next, RealSockets } from './testing/realSockets.ts';

/* Two shards of one host behind its namespace, over real sockets and under a virtual clock. */

const DEVICE = '0123456789ab';
const URL = 'https://shards.example';
const TOKEN = hostAccessToken(KEY, URL, DEVICE);
const ranges = cutKeyRanges(1000, 2);
const lengthOf = (index: number) => ranges[index]?.length ?? 0;

let sockets: RealSockets;
beforeEach(async () => void (sockets = await RealSockets.open()));
afterEach(() => sockets.close());

function serving() {
  const clock = new VirtualClock();
  const runs = new HostedRuns({ url: URL, accessKey: KEY });
  const { group, meter } = runs.open(INCARNATION);
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
          deviceMomentum: 0,
          products: false,
        },
        clock,
        { staged: (lease) => staged.push(lease), rejected: () => undefined },
      ),
  );
  // In whatever order they were opened.
  for (const shard of shards.toReversed()) group.add(shard);
  serveShards(sockets.server, { runs, channels: null, failed: (error) => failures.push(error) });
  const connect = (auth: object = { device: DEVICE, accessToken: TOKEN }) =>
    sockets.socket(NAMESPACES.shards, { auth });
  const commit = () => {
    const rule = { shape: 'weighing' as const };
    const record = { type: 'update' as const, version: 1, rule, members: [{ lease: 1, weight: 1 }] };
    for (const shard of shards) shard.commit(record);
  };
  return { clock, runs, meter, failures, staged, shards, connect, commit };
}

/** A lease, and the slices of its update for both shards, or others. */
function updateOf({ codec = 'float32', shards = [0, 1] }: { codec?: CodecName; shards?: number[] } = {}) {
  const lease = 1;
  const incarnation = INCARNATION;
  const terms: LeaseTerms = {
    lease,
    device: DEVICE,
    incarnation,
    baseVersion: 0,
    kind: 'gradient',
    samples: 32,
    deadline: 10_000,
    codec,
  };
  const slices = shards.map((index) => ({
    header: {
      kind: terms.kind,
      codec,
      incarnation: parseInt(INCARNATION, 16),
      baseVersion: 0,
      lease,
      shard: index,
      offset: ranges[index]?.offset ?? 0,
      length: lengthOf(index),
      samples: terms.samples,
    },
    values: new Float32Array(lengthOf(index)).fill(0.5),
  }));
  return { terms: { ...terms, mac: macOfTerms(KEY, terms, ranges) }, pack: encodePack(slices) };
}
const PULL = { incarnation: INCARNATION, version: 0 };

describe('the namespace of a shard host', () => {
  it.each([
    ['nothing', {}],
    ['no access token', { device: DEVICE }],
    ['another access token', { device: DEVICE, accessToken: '0'.repeat(32) }],
    ["another device's access token", { device: 'ba9876543210', accessToken: TOKEN }],
    ['the access token of another host', { device: DEVICE, accessToken: hostAccessToken(KEY, '', DEVICE) }],
    ['something more', { device: DEVICE, accessToken: TOKEN, more: 1 }],
  ])('[AU1] is closed to a device that shows %s', async (_name, auth) => {
    const { connect } = serving();
    expect((await next<Error>(connect(auth), 'connect_error')).message).toBe('NOT_JOINED');
  });

  it('[CM6] [FR6] gives the slices of a version as one pack of exactly that', async () => {
    const { connect, meter } = serving();
    const { weights, ...answer } = await ask(connect(), EVENTS.pull, PULL);
    expect(answer).toEqual({ outcome: 'OK', version: 0 });
    const frames = ranges.map((range, index) => ({
      header: {
        kind: 'weights',
        codec: 'float32',
        incarnation: parseInt(INCARNATION, 16),
        baseVersion: 0,
        lease: 0,
        shard: index,
        ...range,
        samples: 0,
      },
      values: new Float32Array(range.length).fill(index + 1),
    }));
    expect(decodePack(weights)).toEqual({ ok: true, frames });
    expect(meter.of(DEVICE).socketio).toEqual({ bytesUp: 0, bytesDown: 4000 });
  });

  it('[CM5] [LS1] stages the slices under their lease, and answers the push when all have decided', async () => {
    const { connect, shards, staged, meter, commit } = serving();
    const { terms, pack } = updateOf();
    const pushing = ask(connect(), EVENTS.push, terms, pack);
    await expect.poll(() => staged).toEqual([1, 1]);
    commit();
    const { weights, ...answer } = await pushing;
    expect(answer).toEqual({ outcome: 'APPLIED', version: 1 });
    const values = await Promise.all(shards.map((shard) => shard.snapshot()));
    expect(decodePack(weights)).toMatchObject({
      ok: true,
      frames: values.map(({ parameters }) => ({ header: { baseVersion: 1 }, values: parameters })),
    });
    expect(meter.of(DEVICE).socketio).toEqual({ bytesUp: 4000, bytesDown: 4000 });
  });

  it('[CD8] counts an update in float16 by the bytes that came, and the weights as float32', async () => {
    const { connect, staged, meter, commit } = serving();
    const { terms, pack } = updateOf({ codec: 'float16' });
    const pushing = ask(connect(), EVENTS.push, terms, pack);
    await expect.poll(() => staged).toEqual([1, 1]);
    commit();
    expect(await pushing).toMatchObject({ outcome: 'APPLIED' });
    expect(meter.of(DEVICE).socketio).toEqual({ bytesUp: 2000, bytesDown: 4000 });
  });

  const { terms, pack } = updateOf();
  it.each<[string, string, unknown[], object]>([
    [
      'a pull of nothing',
      EVENTS.pull,
      [{}],
      { outcome: 'MALFORMED', reason: 'pull names an incarnation and a version' },
    ],
    [
      'a pull of a run that is not here',
      EVENTS.pull,
      [{ ...PULL, incarnation: '00000001' }],
      { outcome: 'VERSION_GONE', reason: 'this host has no such run' },
    ],
    [
      'a push without terms',
      EVENTS.push,
      [{}, pack],
      { outcome: 'MALFORMED', reason: 'push comes with the terms of its lease' },
    ],
    ['a push without a pack', EVENTS.push, [terms], { outcome: 'MALFORMED', reason: 'not bytes' }],
    [
      'a push of a frame with a bit changed',
      EVENTS.push,
      [terms, pack.with(90, 1)],
      { outcome: 'CORRUPT', reason: 'checksum does not match' },
    ],
    [
      'a push of a run that is not here',
      EVENTS.push,
      [{ ...terms, incarnation: '00000001' }, pack],
      { outcome: 'UNKNOWN_LEASE', reason: 'this host has no such run' },
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
    expect(await ask(connect(), event, ...args)).toEqual(answer);
    expect([staged, failures, meter.of(DEVICE).newest]).toEqual([[], [], null]);
  });

  it('[CM2] stages nothing of a push that lacks a slice', async () => {
    const { connect, staged } = serving();
    const half = updateOf({ shards: [0] });
    expect(await ask(connect(), EVENTS.push, half.terms, half.pack)).toEqual({
      outcome: 'MALFORMED',
      reason: 'a push brings a slice for each of the 2 shards here',
    });
    expect(staged).toEqual([]);
  });

  it('[LS11] stages nothing for a device that the lease is not of', async () => {
    const { connect, staged } = serving();
    const other = 'ba9876543210';
    const socket = connect({ device: other, accessToken: hostAccessToken(KEY, URL, other) });
    expect(await ask(socket, EVENTS.push, terms, pack)).toMatchObject({ outcome: 'UNKNOWN_LEASE' });
    expect(staged).toEqual([]);
  });

  it('[PR1] answers what a run holds when that is closed, and knows it no more', async () => {
    const { connect, staged, runs } = serving();
    const socket = connect();
    const pushing = ask(socket, EVENTS.push, terms, pack);
    await expect.poll(() => staged).toEqual([1, 1]);
    runs.close(INCARNATION);
    expect(await pushing).toEqual({ outcome: 'WITHDRAWN' });
    expect(await ask(socket, EVENTS.pull, PULL)).toMatchObject({ outcome: 'VERSION_GONE' });
  });

  it('[PR7] [PR14] takes 64 requests that wait, answers a further one BUSY, and takes more as they are answered', async () => {
    const { connect, clock } = serving();
    const socket = connect();
    expect(MAX_IN_FLIGHT_AT_HOST).toBe(64);
    // Nobody decides on version 1: all of these wait.
    const waiting = Array.from({ length: 64 }, () => ask(socket, EVENTS.pull, { ...PULL, version: 1 }));
    expect(await ask(socket, EVENTS.pull, PULL)).toEqual({
      outcome: 'BUSY',
      reason: 'more than 64 requests at once',
    });
    clock.advance(5000);
    for (const answer of await Promise.all(waiting))
      expect(answer).toMatchObject({ outcome: 'VERSION_GONE' });
    expect(await ask(socket, EVENTS.pull, PULL)).toMatchObject({ outcome: 'OK' });
  });
});
