import { encodeFrame, readFrame, type EncodedFrame, type FrameHeader } from './frame.ts';
import type { Outcome } from './outcomes.ts';

/*
 * A pack: the frames of all slices that go to one shard host, or come from it, as one binary message, little-endian [FR6].
 *
 * | byte | type | field |
 * |---|---|---|
 * | 0 | u32 | magic, "TSWP" |
 * | 4 | u32 | number of frames, n |
 * | 8 | n × u32 | bytes of each |
 * | 8 + 4n | | the frames, one after the other |
 */
const MAGIC = 0x50575354;
const COUNT_BYTES = 8;
const LENGTH_BYTES = 4;

/** A slice to be put in a pack. */
export interface PackedSlice {
  header: FrameHeader;
  values: Float32Array;
}

export type PackRead = { ok: true; frames: EncodedFrame[] } | { ok: false; outcome: Outcome; reason: string };

/** One buffer with a frame of each slice, in their order. */
export function encodePack(slices: readonly PackedSlice[]): Uint8Array<ArrayBuffer> {
  const frames = slices.map(({ header, values }) => encodeFrame(header, values));
  const start = COUNT_BYTES + LENGTH_BYTES * frames.length;
  const pack = new Uint8Array(frames.reduce((sum, { byteLength }) => sum + byteLength, start));
  const view = new DataView(pack.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, frames.length, true);
  let offset = start;
  frames.forEach((frame, index) => {
    view.setUint32(COUNT_BYTES + LENGTH_BYTES * index, frame.byteLength, true);
    pack.set(frame, offset);
    offset += frame.byteLength;
  });
  return pack;
}

/** Reads a pack from outside, all but the values in its frames; never throws [FR2]. One faulty frame makes it faulty. */
export function readPack(bytes: unknown): PackRead {
  if (!(bytes instanceof Uint8Array)) return malformed('not bytes');
  if (bytes.byteLength < COUNT_BYTES) return malformed('shorter than its beginning');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return malformed('not a pack');
  const count = view.getUint32(4, true);
  let offset = COUNT_BYTES + LENGTH_BYTES * count;
  if (offset > bytes.byteLength) return malformed('more frames than it has room for');
  const frames: EncodedFrame[] = [];
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(COUNT_BYTES + LENGTH_BYTES * index, true);
    if (length > bytes.byteLength - offset) return malformed('a frame beyond its end');
    const read = readFrame(bytes.subarray(offset, offset + length));
    if (!read.ok) return read;
    frames.push(read.frame);
    offset += length;
  }
  return offset === bytes.byteLength ? { ok: true, frames } : malformed('bytes behind the last frame');
}

function malformed(reason: string): PackRead {
  return { ok: false, outcome: 'MALFORMED', reason };
}
