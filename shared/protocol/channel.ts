import crc32 from 'crc-32';
import * as z from 'zod/mini';

/*
 * What travels over a data channel. A channel carries chunks, in order and without loss; a message is a head and
 * then its bytes in as many chunks as its sender likes [TR3]. A message is a request or an answer: the frame that
 * belongs to it, if there is one, and behind it JSON.
 */

/**
 * The head of a message, little-endian:
 *
 * | byte | type | field |
 * |---|---|---|
 * | 0 | u32 | magic, "TSWC" |
 * | 4 | u32 | bytes of the message |
 * | 8 | u32 | CRC-32 of the message |
 * | 12 | u32 | bytes of its JSON, which is its end |
 */
export const HEAD_BYTES = 16;
const MAGIC = 0x43575354;

/** No chunk is larger: what every browser's data channels take (RFC 8831, section 6.6). */
export const MAX_CHUNK_BYTES = 64 * 1024;

export interface Head {
  bytes: number;
  checksum: number;
  jsonBytes: number;
}

export function encodeHead({ bytes, checksum, jsonBytes }: Head): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, bytes, true);
  view.setUint32(8, checksum, true);
  view.setUint32(12, jsonBytes, true);
  return head;
}

/** Reads a head from outside; null where it is none. */
export function decodeHead(head: Uint8Array): Head | null {
  if (head.byteLength !== HEAD_BYTES) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return null;
  const read = { bytes: view.getUint32(4, true), checksum: view.getUint32(8, true) };
  const jsonBytes = view.getUint32(12, true);
  return jsonBytes <= read.bytes ? { ...read, jsonBytes } : null;
}

/** CRC-32 (IEEE 802.3) of bytes that follow on others whose CRC-32 is `before`. */
export function checksumOf(bytes: Uint8Array, before = 0): number {
  return crc32.buf(bytes, before) >>> 0;
}

const id = z.int().check(z.minimum(0));

/** device -> server: one request to the shard host. Its pack, if it has one, lies before the JSON. */
export const channelRequest = z.strictObject({
  id,
  event: z.string().check(z.maxLength(32)),
  body: z.unknown(),
});
export type ChannelRequest = z.infer<typeof channelRequest>;

/** server -> device: the answer to the request of that id; its weights, if it has any, lie before the JSON. */
export const channelAnswer = z.strictObject({ id, answer: z.record(z.string(), z.unknown()) });
export type ChannelAnswer = z.infer<typeof channelAnswer>;

/** A request that reaches no shard, answered at once: whether the channel still works. */
export const PING = 'ping';
