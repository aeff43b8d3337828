import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES } from '../../shared/protocol/frame.ts';
import { decodeFrame } from '../../shared/testing/decodeFrame.ts';
import { NO_BYTES, TransportEnded, type TransportReply } from './transport.ts';
import { ConnectionLost } from './connection.ts';
import { createShardClient } from './shardClient.ts';
import {
  PLACE,
  replyOf,
  INCARNATION,
  ScriptedTransport,
  TERMS,
  VALUES,
  weightsOf,
} from './testing/scriptedTransport.ts';

const ended = () => Promise.reject(new TransportEnded('cut'));
const answering = (reply: TransportReply) => new ScriptedTransport('socketio', () => reply);
const applied = replyOf({ outcome: 'APPLIED', version: 5 }, weightsOf(5));

/** A shard that answers everything by one reply. */
const shardThatSays = (reply: TransportReply) =>
  createShardClient(() => [answering(reply)], PLACE, INCARNATION);

describe('asking a shard', () => {
  it('[TR1] pulls a version, with no bytes, and waits half a minute at most', async () => {
    const transport = answering(applied);
    await createShardClient(() => [transport], PLACE, INCARNATION).pull(5);
    expect(transport.asked).toEqual([
      { shard: 1, event: 'pull', body: { version: 5 }, bytes: NO_BYTES, withinMs: 30_000 },
    ]);
  });

  it('[TR1] [FR1] pushes a slice as one frame under the terms of its lease, and waits as long as two leases may last', async () => {
    const transport = answering(applied);
    await createShardClient(() => [transport], PLACE, INCARNATION).push(TERMS, VALUES);
    const [request] = transport.asked;
    expect(request).toMatchObject({ shard: 1, event: 'push', body: TERMS, withinMs: 7_230_000 });
    expect(decodeFrame(request?.bytes)).toEqual({
      ok: true,
      frame: {
        header: {
          kind: 'gradient',
          codec: 'float32',
          incarnation: 0x89abcdef,
          baseVersion: 4,
          lease: 7,
          shard: 1,
          offset: 256,
          length: 3,
          samples: 32,
        },
        values: VALUES,
      },
    });
  });

  it('[CD6] pushes a slice in the codec of its lease', async () => {
    const transport = answering(applied);
    await createShardClient(() => [transport], PLACE, INCARNATION).push(
      { ...TERMS, codec: 'float16' },
      VALUES,
    );
    const bytes = transport.asked[0]?.bytes;
    expect(bytes).toHaveLength(FRAME_HEADER_BYTES + 2 * VALUES.length);
    expect(decodeFrame(bytes)).toMatchObject({ frame: { header: { codec: 'float16' }, values: VALUES } });
  });

  it('gives the outcome and the weights that came with it', async () => {
    expect(await shardThatSays(applied).push(TERMS, VALUES)).toEqual({
      outcome: 'APPLIED',
      weights: { version: 5, values: VALUES },
    });
  });

  it('gives no weights where none came', async () => {
    const expired = replyOf({ outcome: 'EXPIRED' });
    expect(await shardThatSays(expired).push(TERMS, VALUES)).toEqual({ outcome: 'EXPIRED', weights: null });
    const bare = replyOf({ outcome: 'STALE', version: 5 });
    expect(await shardThatSays(bare).push(TERMS, VALUES)).toEqual({ outcome: 'STALE', weights: null });
    const nameless = replyOf({ outcome: 'OK' }, weightsOf(5));
    expect(await shardThatSays(nameless).pull(5)).toEqual({ outcome: 'OK', weights: null });
  });

  it('[LS14] reads a DUPLICATE as its first outcome, with the weights of that', async () => {
    const again = replyOf({ outcome: 'DUPLICATE', first: 'APPLIED', version: 5 }, weightsOf(5));
    expect(await shardThatSays(again).push(TERMS, VALUES)).toEqual({
      outcome: 'APPLIED',
      weights: { version: 5, values: VALUES },
    });
    const refused = replyOf({ outcome: 'DUPLICATE', first: 'NOT_FINITE' });
    expect(await shardThatSays(refused).push(TERMS, VALUES)).toMatchObject({ outcome: 'NOT_FINITE' });
    const bare = replyOf({ outcome: 'DUPLICATE' });
    expect(await shardThatSays(bare).push(TERMS, VALUES)).toMatchObject({ outcome: 'DUPLICATE' });
  });

  it('ignores a first outcome except in a DUPLICATE', async () => {
    const odd = replyOf({ outcome: 'EXPIRED', first: 'APPLIED' });
    expect(await shardThatSays(odd).push(TERMS, VALUES)).toMatchObject({ outcome: 'EXPIRED' });
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
      replyOf({ outcome: 'OK', version: 5 }, weightsOf(5).with(50, 1)),
      'weights of shard 1: checksum does not match',
    ],
    ['under an unknown outcome', replyOf({ outcome: 'FINE' }), /outcome/],
  ])('[CD7] takes no weights %s', async (_name, reply, words) => {
    await expect(shardThatSays(reply).pull(5)).rejects.toThrow(words);
  });
});

describe('a request that its transport leaves unanswered', () => {
  it('[TR7] is asked again, the same, by the next transport, and by that alone', async () => {
    const channel = new ScriptedTransport('webrtc', ended);
    const socket = answering(applied);
    const spare = answering(applied);
    const client = createShardClient(() => [channel, socket, spare], PLACE, INCARNATION);
    expect(await client.push(TERMS, VALUES)).toMatchObject({ outcome: 'APPLIED' });
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
    const client = createShardClient(
      () => {
        const now = standing;
        standing = [late, socket];
        return now;
      },
      PLACE,
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
    const client = createShardClient(() => (given ? [] : [channel, socket]), PLACE, INCARNATION);
    await expect(client.push(TERMS, VALUES)).rejects.toThrow(ConnectionLost);
    expect(socket.asked).toEqual([]);
  });

  it('fails with any other error as it is, and asks no other transport', async () => {
    const broken = new ScriptedTransport('webrtc', () =>
      Promise.reject(new RangeError('there is no shard 1')),
    );
    const socket = answering(applied);
    const client = createShardClient(() => [broken, socket], PLACE, INCARNATION);
    await expect(client.pull(5)).rejects.toThrow(new RangeError('there is no shard 1'));
    expect(socket.asked).toEqual([]);
  });
});
