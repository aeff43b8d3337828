import { describe, expect, it } from 'vitest';
import { checksumOf, encodeHead, MAX_CHUNK_BYTES } from '../protocol/channel.ts';
import { Assembler } from './assembler.ts';

const PARTIAL = { state: 'partial' };

/** The head and the body of a message of so many bytes, the last two of which are its JSON. */
function messageOf(bytes: number) {
  const body = new Uint8Array(bytes).fill(7);
  body.set(new TextEncoder().encode('{}'), bytes - 2);
  return { head: encodeHead({ bytes, checksum: checksumOf(body), jsonBytes: 2 }), body };
}

describe('putting chunks together', () => {
  it('[TR3] takes a message of the size that is allowed, in chunks of the size that is', () => {
    const most = 2 * MAX_CHUNK_BYTES;
    const { head, body } = messageOf(most);
    const assembler = new Assembler(most);
    expect(assembler.take(head)).toEqual(PARTIAL);
    expect(assembler.take(body.subarray(0, MAX_CHUNK_BYTES))).toEqual(PARTIAL);
    const progress = assembler.take(body.subarray(MAX_CHUNK_BYTES));
    expect(progress).toMatchObject({ state: 'whole', message: { json: '{}' } });
  });

  it('[TR12] takes no chunk a byte larger', () => {
    const { head, body } = messageOf(2 * MAX_CHUNK_BYTES);
    const assembler = new Assembler(1e6);
    assembler.take(head);
    expect(assembler.take(body.subarray(0, MAX_CHUNK_BYTES + 1))).toEqual({
      state: 'fault',
      reason: `a chunk of ${MAX_CHUNK_BYTES + 1} bytes`,
    });
  });

  it('[TR12] takes no message a byte larger', () => {
    expect(new Assembler(99).take(messageOf(99).head)).toEqual(PARTIAL);
    expect(new Assembler(98).take(messageOf(99).head)).toEqual({
      state: 'fault',
      reason: 'a message of 99 bytes',
    });
  });

  it('[TR4] takes no byte of what comes behind a message in its last chunk', () => {
    const { head, body } = messageOf(10);
    const assembler = new Assembler(100);
    assembler.take(head);
    assembler.take(body.subarray(0, 6));
    expect(assembler.take(Uint8Array.of(...body.subarray(6), 0))).toEqual({
      state: 'fault',
      reason: 'a chunk beyond the end of its message',
    });
  });

  it('[TR4] knows when a message has begun and is not whole, from the first byte of its head', () => {
    const { head, body } = messageOf(10);
    const assembler = new Assembler(100);
    const chunks = [head.subarray(0, 1), head.subarray(1), body.subarray(0, 9), body.subarray(9)];
    const halfway = [assembler.halfway];
    for (const chunk of chunks) {
      assembler.take(chunk);
      halfway.push(assembler.halfway);
    }
    expect(halfway).toEqual([false, true, true, true, false]);
  });

  it('[TR3] gives bytes that stay as they were when what brought them is used again', () => {
    const { head, body } = messageOf(10);
    const assembler = new Assembler(100);
    assembler.take(head);
    const progress = assembler.take(body);
    body.fill(0);
    if (progress.state !== 'whole') expect.fail(progress.state);
    expect([...progress.message.bytes]).toEqual(Array<number>(8).fill(7));
  });
});
