import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES } from '../../shared/protocol/frame.ts';
import { encodePack } from '../../shared/protocol/pack.ts';
import { decodePack } from '../../shared/testing/decodePack.ts';
import { NO_BYTES, TransportEnded, type TransportReply } from './transport.ts';
import { ConnectionLost } from './connection.ts';
import { createHostClient } from './hostClient.ts';
import {
  PLACE,
  replyOf,
  INCARNATION,
  ScriptedTransport,
  TERMS,
  VALUES,
  weightsOf,
} from './testing/scriptedTransport.ts';

/** Of a pack of one frame, beside the frame. */
const PACK_BYTES = 12;
const ended = () => Promise.reject(new TransportEnded('cut'));
const answering = (reply: TransportReply) => new ScriptedTransport('socketio', () => reply);
const applied = replyOf({ outcome: 'APPLIED', version: 5 }, weightsOf(5));

const weightsHeader = (shard: number) => ({
  kind: 'weights' as const,
  codec: 'float32' as const,
  incarnation: 0x89abcdef,
  baseVersion: 5,
  lease: 0,
  shard,
  offset: PLACE.offset,
  length: VALUES.length,
  samples: 0,
});
const packOf = (...headers: ReturnType<typeof weightsHeader>[]) =>
  encodePack(headers.map((header) => ({ header, values: VALUES })));

/** A host with one shard that answers everything by one reply. */
const hostThatSays = (reply: TransportReply) =>
  createHostClient(() => [answering(reply)], [PLACE], INCARNATION);

describe('asking a shard host', () => {
  it('[TR1] pulls a version, with no bytes, and waits half a minute at most', async () => {
    const transport = answering(applied);
    await createHostClient(() => [transport], [PLACE], INCARNATION).pull(5);
    expect(transport.asked).toEqual([
      { event: 'pull', body: { incarnation: INCARNATION, version: 5 }, bytes: NO_BYTES, withinMs: 30_000 },
    ]);
  });

  it('[TR1] [FR6] pushes a slice as a pack of one frame under the terms of its lease, and waits as long as two leases may last', async () => {
    const transport = answering(applied);
    await createHostClient(() => [transport], [PLACE], INCARNATION).push(TERMS, [VALUES]);
    const [request] = transport.asked;
    expect(request).toMatchObject({ event: 'push', body: TERMS, withinMs: 7_230_000 });
    const header = {
      kind: 'gradient',
      codec: 'float32',
      incarnation: 0x89abcdef,
      baseVersion: 4,
      lease: 7,
      shard: 1,
      offset: 256,
      length: 3,
      samples: 32,
    };
    expect(decodePack(request?.bytes)).toEqual({ ok: true, frames: [{ header, values: VALUES }] });
  });

  it('[CD6] pushes a slice in the codec of its lease', async () => {
    const transport = answering(applied);
    await createHostClient(() => [transport], [PLACE], INCARNATION).push({ ...TERMS, codec: 'float16' }, [
      VALUES,
    ]);
    const bytes = transport.asked[0]?.bytes;
    expect(bytes).toHaveLength(PACK_BYTES + FRAME_HEADER_BYTES + 2 * VALUES.length);
    expect(decodePack(bytes)).toMatchObject({ frames: [{ header: { codec: 'float16' }, values: VALUES }] });
  });

  it('gives the outcome and the weights that came with it', async () => {
    expect(await hostThatSays(applied).push(TERMS, [VALUES])).toEqual({
      outcome: 'APPLIED',
      weights: { version: 5, slices: [VALUES] },
    });
  });

  it('gives no weights where none came', async () => {
    const expired = replyOf({ outcome: 'EXPIRED' });
    expect(await hostThatSays(expired).push(TERMS, [VALUES])).toEqual({ outcome: 'EXPIRED', weights: null });
    const bare = replyOf({ outcome: 'STALE', version: 5 });
    expect(await hostThatSays(bare).push(TERMS, [VALUES])).toEqual({ outcome: 'STALE', weights: null });
    const nameless = replyOf({ outcome: 'OK' }, weightsOf(5));
    expect(await hostThatSays(nameless).pull(5)).toEqual({ outcome: 'OK', weights: null });
  });

  it('[LS14] reads a DUPLICATE as its first outcome, with the weights of that', async () => {
    const again = replyOf({ outcome: 'DUPLICATE', first: 'APPLIED', version: 5 }, weightsOf(5));
    expect(await hostThatSays(again).push(TERMS, [VALUES])).toEqual({
      outcome: 'APPLIED',
      weights: { version: 5, slices: [VALUES] },
    });
    const refused = replyOf({ outcome: 'DUPLICATE', first: 'NOT_FINITE' });
    expect(await hostThatSays(refused).push(TERMS, [VALUES])).toMatchObject({ outcome: 'NOT_FINITE' });
    const bare = replyOf({ outcome: 'DUPLICATE' });
    expect(await hostThatSays(bare).push(TERMS, [VALUES])).toMatchObject({ outcome: 'DUPLICATE' });
  });

  it('ignores a first outcome except in a DUPLICATE', async () => {
    const odd = replyOf({ outcome: 'EXPIRED', first: 'APPLIED' });
    expect(await hostThatSays(odd).push(TERMS, [VALUES])).toMatchObject({ outcome: 'EXPIRED' });
  });

  it.each<[string, TransportReply, string | RegExp]>([
    [
      'of another range',
      replyOf({ outcome: 'OK', version: 5 }, weightsOf(5, { ...PLACE, offset: 512 })),
      'weights of shard 1 are not its slice',
    ],
    [
      'of another length',
      replyOf({ outcome: 'OK', version: 5 }, weightsOf(5, PLACE, Float32Array.of(1, 2))),
      'weights of shard 1 are not its slice',
    ],
    [
      'of another version',
      replyOf({ outcome: 'OK', version: 5 }, weightsOf(4)),
      'weights of shard 1 are not its slice',
    ],
    [
      'in another codec than float32',
      replyOf({ outcome: 'OK', version: 5 }, weightsOf(5, PLACE, VALUES, 'float16')),
      'weights of shard 1 are not its slice',
    ],
    [
      'with a bit changed',
      replyOf({ outcome: 'OK', version: 5 }, weightsOf(5).with(62, 1)),
      'weights of shard 1: checksum does not match',
    ],
    [
      'of a shard too many',
      replyOf({ outcome: 'OK', version: 5 }, packOf(weightsHeader(1), weightsHeader(2))),
      'weights of shard 1 are 2 slices',
    ],
    [
      'that are no pack',
      replyOf({ outcome: 'OK', version: 5 }, Uint8Array.of(1)),
      /^weights of shard 1: shorter/,
    ],
    ['under an unknown outcome', replyOf({ outcome: 'FINE' }), /outcome/],
  ])('[CD7] takes no weights %s', async (_name, reply, words) => {
    await expect(hostThatSays(reply).pull(5)).rejects.toThrow(words);
  });
});

describe('a host with several shards', () => {
  const places = [0, 2].map((index) => ({ index, url: '', offset: 1000 * index, length: 3 }));
  const slices = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)];

  it('[TR1] is pushed all of its slices as one message, in the order of its places', async () => {
    const transport = answering(applied);
    const client = createHostClient(() => [transport], places, INCARNATION);
    await expect(client.push(TERMS, slices)).rejects.toThrow('weights of shard 0, 2 are 1 slices');
    expect(transport.asked).toHaveLength(1);
    expect(decodePack(transport.asked[0]?.bytes)).toMatchObject({
      frames: [
        { header: { shard: 0, offset: 0 }, values: slices[0] },
        { header: { shard: 2, offset: 2000 }, values: slices[1] },
      ],
    });
  });

  it('[CM6] gives the slices of all of them at one version', async () => {
    const frames = places.map((place) => ({ ...weightsHeader(place.index), offset: place.offset }));
    const reply = replyOf({ outcome: 'OK', version: 5 }, packOf(...frames));
    const client = createHostClient(() => [answering(reply)], places, INCARNATION);
    expect(await client.pull(5)).toEqual({
      outcome: 'OK',
      weights: { version: 5, slices: [VALUES, VALUES] },
    });
    const mixed = frames.map((header, index) => ({ ...header, baseVersion: 5 + index }));
    const odd = replyOf({ outcome: 'OK', version: 5 }, packOf(...mixed));
    const other = createHostClient(() => [answering(odd)], places, INCARNATION);
    await expect(other.pull(5)).rejects.toThrow('weights of shard 2 are not its slice');
  });
});

describe('a request that its transport leaves unanswered', () => {
  it('[TR7] is asked again, the same, by the next transport, and by that alone', async () => {
    const channel = new ScriptedTransport('webrtc', ended);
    const socket = answering(applied);
    const spare = answering(applied);
    const client = createHostClient(() => [channel, socket, spare], [PLACE], INCARNATION);
    expect(await client.push(TERMS, [VALUES])).toMatchObject({ outcome: 'APPLIED' });
    expect([channel.asked.length, socket.asked.length, spare.asked.length]).toEqual([1, 1, 0]);
    expect(socket.asked).toEqual(channel.asked);
    // A transport is given the buffer of a frame for good: the next has one of its own.
    expect(socket.asked[0]?.bytes.buffer).not.toBe(channel.asked[0]?.bytes.buffer);
  });

  it('[TR7] is asked of each transport once, whichever stand by then, and then is lost', async () => {
    const early = new ScriptedTransport('webrtc', ended);
    const late = new ScriptedTransport('webrtc', ended);
    const socket = new ScriptedTransport('socketio', ended);
    let standing = [early, socket];
    const client = createHostClient(
      () => {
        const now = standing;
        standing = [late, socket];
        return now;
      },
      [PLACE],
      INCARNATION,
    );
    await expect(client.pull(5)).rejects.toThrow(new ConnectionLost('the connection to a shard was lost'));
    expect([early, late, socket].map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
  });

  it('[TR2] is lost where the connection was given up in the meantime', async () => {
    let given = false;
    const channel = new ScriptedTransport('webrtc', () => {
      given = true;
      return ended();
    });
    const socket = answering(applied);
    const client = createHostClient(() => (given ? [] : [channel, socket]), [PLACE], INCARNATION);
    await expect(client.push(TERMS, [VALUES])).rejects.toThrow(ConnectionLost);
    expect(socket.asked).toEqual([]);
  });

  it('fails with any other error as it is, and asks no other transport', async () => {
    const broken = new ScriptedTransport('webrtc', () => Promise.reject(new RangeError('no such thing')));
    const socket = answering(applied);
    const client = createHostClient(() => [broken, socket], [PLACE], INCARNATION);
    await expect(client.pull(5)).rejects.toThrow(new RangeError('no such thing'));
    expect(socket.asked).toEqual([]);
  });
});
