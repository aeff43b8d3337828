import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHead, MAX_CHUNK_BYTES } from '../protocol/channel.ts';
import { Assembler, type Message } from './assembler.ts';
import { ChunkedChannel } from './chunkedChannel.ts';
import { ManualTimer } from '../testing/manualTimer.ts';

/** A channel, what it handed over chunk by chunk, and what came of it; `roomy` is what each send waits for. */
function channelWith(
  options: { chunkBytes?: number; maxQueuedBytes?: number; roomy?: () => Promise<void> } = {},
) {
  const timer = new ManualTimer();
  const sent: Uint8Array[] = [];
  const received: Message[] = [];
  const ends: (string | null)[] = [];
  let closes = 0;
  const channel = new ChunkedChannel({
    chunks: {
      send: (chunk) => {
        sent.push(chunk);
        return options.roomy?.() ?? Promise.resolve();
      },
      close: () => {
        closes++;
      },
    },
    after: timer.after,
    maxMessageBytes: 1000,
    maxQueuedBytes: options.maxQueuedBytes ?? 100_000,
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    received: (message) => received.push(message),
    closed: (reason) => ends.push(reason),
  });
  return { channel, sent, received, ends, timer, closes: () => closes };
}

const settled = async () => {
  for (let turn = 0; turn < 5000; turn++) await Promise.resolve();
};

describe('a chunked channel', () => {
  it('[TR3] gives what was sent, whole and in order, whatever the size of the chunks', async () => {
    const message = fc.record({ json: fc.jsonValue(), bytes: fc.uint8Array({ maxLength: 300 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 4 }),
        fc.integer({ min: 1, max: 97 }),
        async (messages, chunkBytes) => {
          const from = channelWith({ chunkBytes });
          const to = channelWith();
          for (const { json, bytes } of messages) from.channel.send(json, Uint8Array.from(bytes));
          await settled();
          for (const chunk of from.sent) {
            expect(chunk.byteLength).toBeLessThanOrEqual(chunkBytes);
            to.channel.receive(chunk);
          }
          expect(to.ends).toEqual([]);
          expect(to.received.map(({ json, bytes }) => [JSON.parse(json) as unknown, [...bytes]])).toEqual(
            messages.map(({ json, bytes }) => [JSON.parse(JSON.stringify(json)) as unknown, [...bytes]]),
          );
          expect(from.channel.queuedBytes).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('[TR10] no chunk is larger than a data channel takes, and a large message is not copied to be cut', async () => {
    const { channel, sent } = channelWith({ maxQueuedBytes: 1e6 });
    const bytes = new Uint8Array(3 * MAX_CHUNK_BYTES);
    channel.send({}, bytes);
    await settled();
    expect(sent.map(({ byteLength }) => byteLength)).toEqual([
      16,
      ...[0, 0, 0].map(() => MAX_CHUNK_BYTES),
      2,
    ]);
    expect(sent.slice(1, 4).every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
  });

  it('[TR11] a message with a bit changed is not taken', async () => {
    const from = channelWith({ chunkBytes: 64 });
    from.channel.send(
      { id: 1 },
      Uint8Array.from({ length: 200 }, (_, index) => index),
    );
    await settled();
    for (let bit = 0; bit < 8 * 226; bit += 37) {
      const to = channelWith();
      let place = 0;
      for (const chunk of from.sent) {
        const copy = chunk.slice();
        const byte = Math.floor(bit / 8) - place;
        if (byte >= 0 && byte < copy.length) copy[byte] = (copy[byte] ?? 0) ^ (1 << (bit % 8));
        place += copy.length;
        to.channel.receive(copy);
      }
      expect(to.received).toEqual([]);
    }
  });

  it.each<[string, Uint8Array[]]>([
    ['an empty chunk', [new Uint8Array()]],
    ['not the head of a message', [new Uint8Array(16)]],
    ['a chunk that is no head', [new Uint8Array(17)]],
    ['a message of 1001 bytes', [encodeHead({ bytes: 1001, checksum: 0, jsonBytes: 2 })]],
    ['a message without JSON', [encodeHead({ bytes: 9, checksum: 0, jsonBytes: 0 })]],
    [
      'a chunk beyond the end of its message',
      [encodeHead({ bytes: 9, checksum: 0, jsonBytes: 2 }), new Uint8Array(10)],
    ],
    [
      'a message whose checksum does not match',
      [encodeHead({ bytes: 9, checksum: 1, jsonBytes: 2 }), new Uint8Array(9)],
    ],
  ])('[TR4] %s ends it', (reason, chunks) => {
    const { channel, ends, received } = channelWith();
    for (const chunk of [...chunks, new Uint8Array(5)]) channel.receive(chunk);
    expect([ends, received, channel.open]).toEqual([[reason], [], false]);
  });

  it('[TR4] whatever comes in, it takes nothing that was not sent and keeps no more than its bound', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const assembler = new Assembler(1000);
        for (const chunk of chunks) {
          const progress = assembler.take(Uint8Array.from(chunk));
          expect(progress.state).not.toBe('whole');
          if (progress.state === 'fault') return;
        }
      }),
    );
  });

  it('[TR13] a message that is begun and not ended has a deadline, between its chunks and as a whole', () => {
    const head = encodeHead({ bytes: 900, checksum: 0, jsonBytes: 2 });
    const silent = channelWith();
    silent.channel.receive(head);
    silent.timer.advance(29_000);
    expect(silent.ends).toEqual([]);
    silent.timer.advance(1000);
    expect(silent.ends).toEqual(['a message that was begun and not ended']);

    const dripping = channelWith();
    dripping.channel.receive(head);
    for (let second = 0; second < 60 && dripping.channel.open; second += 20) {
      dripping.timer.advance(20_000);
      dripping.channel.receive(Uint8Array.of(1));
    }
    expect(dripping.ends).toEqual(['a message that was begun and not ended']);
  });

  it('[TR14] who does not read ends it: by what waits, or by time', async () => {
    const never = () => new Promise<void>(() => undefined);
    const full = channelWith({ maxQueuedBytes: 500, roomy: never });
    for (let count = 0; count < 6; count++) full.channel.send({}, new Uint8Array(98));
    await settled();
    expect(full.ends).toEqual(['what is sent is not read']);
    expect(full.channel.queuedBytes).toBe(0);

    const still = channelWith({ roomy: never });
    still.channel.send({}, new Uint8Array(98));
    await settled();
    still.timer.advance(29_999);
    expect(still.ends).toEqual([]);
    still.timer.advance(1);
    expect(still.ends).toEqual(['what is sent is not read']);
  });

  it('[TR4] a channel that throws has ended, and one that has ended takes nothing more', async () => {
    const broken = channelWith({ roomy: () => Promise.reject(new Error('no channel')) });
    broken.channel.send({});
    await settled();
    broken.channel.send({});
    broken.channel.close();
    expect([broken.ends, broken.sent.length]).toEqual([['no channel'], 1]);
  });

  it('[TR13] a message may take as long as it does at 4 KiB a second, and half a minute', () => {
    const { channel, timer, ends } = channelWith();
    channel.receive(encodeHead({ bytes: 900, checksum: 0, jsonBytes: 2 }));
    // 1,000 bytes at most: 30,000 ms and 244.1 ms.
    for (const milliseconds of [10_000, 10_000, 10_000, 244]) {
      timer.advance(milliseconds);
      channel.receive(Uint8Array.of(1));
    }
    expect(ends).toEqual([]);
    timer.advance(1);
    expect(ends).toEqual(['a message that was begun and not ended']);
  });

  it('[TR4] a message in several chunks that is whole has no deadline any more, nor has the channel', async () => {
    const from = channelWith({ chunkBytes: 9 });
    from.channel.send({ id: 1 }, new Uint8Array(50));
    await settled();
    const to = channelWith();
    for (const chunk of from.sent) {
      to.timer.advance(1000);
      to.channel.receive(chunk);
    }
    expect([from.timer.pending, to.timer.pending]).toEqual([0, 0]);
    for (const { timer } of [from, to]) timer.advance(3_600_000);
    expect([from.ends, to.ends, to.received.length]).toEqual([[], [], 1]);
    for (const chunk of from.sent) to.channel.receive(chunk);
    expect(to.received).toHaveLength(2);
  });

  it('[TR13] a chunk that comes in time gives the next one its whole time', () => {
    const { channel, timer, ends } = channelWith();
    channel.receive(encodeHead({ bytes: 900, checksum: 0, jsonBytes: 2 }).subarray(0, 4));
    timer.advance(29_999);
    channel.receive(Uint8Array.of(0));
    timer.advance(244);
    expect(ends).toEqual([]);
    timer.advance(2);
    expect(ends).toEqual(['a message that was begun and not ended']);
  });

  it('[TR14] as much as may wait may wait, and not a byte more', async () => {
    const never = () => new Promise<void>(() => undefined);
    // Two messages of two bytes of JSON.
    const full = channelWith({ maxQueuedBytes: 200, roomy: never });
    for (let count = 0; count < 2; count++) full.channel.send({}, new Uint8Array(98));
    expect([full.ends, full.channel.queuedBytes]).toEqual([[], 200]);
    full.channel.send({});
    expect(full.ends).toEqual(['what is sent is not read']);
    await settled();
    expect(full.sent).toHaveLength(1);
  });

  it('sends again once all that waited is sent', async () => {
    const { channel, sent } = channelWith();
    channel.send({});
    await settled();
    channel.send({});
    await settled();
    expect(sent).toHaveLength(4);
    expect(channel.queuedBytes).toBe(0);
  });

  it('[TR4] one that is closed sends nothing, hands on nothing, and tells once that it is', async () => {
    const from = channelWith();
    from.channel.send({ id: 1 });
    await settled();
    const to = channelWith();
    to.channel.close();
    to.channel.send({});
    for (const chunk of from.sent) to.channel.receive(chunk);
    to.channel.close('again');
    await settled();
    expect([to.sent, to.received, to.ends, to.closes()]).toEqual([[], [], [null], 1]);
  });

  it('leaves no timer behind when it ends in the middle of a message', async () => {
    const { channel, timer } = channelWith({ roomy: () => new Promise<void>(() => undefined) });
    channel.receive(encodeHead({ bytes: 900, checksum: 0, jsonBytes: 2 }));
    expect(timer.pending).toBe(2);
    channel.close();
    await settled();
    expect(timer.pending).toBe(0);
  });
});
