import crc32 from 'crc-32';
import { CODEC_NAMES, CODECS, type CodecName } from '../codec/codecs.ts';
import type { UpdateKind } from './messages.ts';
import type { Outcome } from './outcomes.ts';
import { PROTOCOL_VERSION } from './version.ts';

/**
 * The binary frame: one slice of an update or of the weights, little-endian [FR1].
 *
 * | byte | type | field |
 * |---|---|---|
 * | 0 | u32 | magic, "TSWM" |
 * | 4 | u16 | protocol version |
 * | 6 | u8 | kind |
 * | 7 | u8 | codec |
 * | 8 | u32 | incarnation of the run |
 * | 12 | u32 | base version |
 * | 16 | u64 | lease, at most 2^53 - 1; 0 in weights |
 * | 24 | u32 | offset of the slice in the flat vector, in elements |
 * | 28 | u32 | length of the slice, in elements |
 * | 32 | u32 | samples the update was computed on; 0 in weights |
 * | 36 | u32 | bytes of the payload |
 * | 40 | u16 | shard |
 * | 42 | u16 | reserved, zero |
 * | 44 | u32 | CRC-32 of header (this field zero) and payload |
 */
export const FRAME_HEADER_BYTES = 48;
const MAGIC = 0x4d575354;

/** Codes are written out and never used again for something else; those of codecs are theirs. */
export const FRAME_KINDS = { gradient: 1, delta: 2, weights: 3 } as const satisfies Record<
  UpdateKind | 'weights',
  number
>;

export type FrameKind = keyof typeof FRAME_KINDS;

export interface FrameHeader {
  kind: FrameKind;
  codec: CodecName;
  /** Of the run, 32 bits. */
  incarnation: number;
  baseVersion: number;
  lease: number;
  shard: number;
  offset: number;
  length: number;
  samples: number;
}

/** A frame whose values are still encoded: its reader checks the header first. */
export interface EncodedFrame {
  header: FrameHeader;
  /** A view of the memory that the frame was read from; at most what the codec may take for its number of values. */
  payload: Uint8Array;
}

export type FrameRead = { ok: true; frame: EncodedFrame } | { ok: false; outcome: Outcome; reason: string };

/** One packed buffer, header and payload. `header.length` must be the number of `values`. */
export function encodeFrame(header: FrameHeader, values: Float32Array): Uint8Array<ArrayBuffer> {
  if (header.length !== values.length) throw new RangeError('frame: length is not the number of values');
  const codec = CODECS[header.codec];
  const payload = codec.encode(values);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, PROTOCOL_VERSION, true);
  view.setUint8(6, FRAME_KINDS[header.kind]);
  view.setUint8(7, codec.wireNumber);
  view.setUint32(8, header.incarnation, true);
  view.setUint32(12, header.baseVersion, true);
  view.setBigUint64(16, BigInt(header.lease), true);
  view.setUint32(24, header.offset, true);
  view.setUint32(28, header.length, true);
  view.setUint32(32, header.samples, true);
  view.setUint32(36, payload.byteLength, true);
  view.setUint16(40, header.shard, true);
  bytes.set(payload, FRAME_HEADER_BYTES);
  view.setUint32(44, checksum(bytes), true);
  return bytes;
}

/**
 * Reads a frame from outside, all but its values; never throws [FR2]. What is read is bounded: the payload is at
 * most what the codec may take for the length that the header says.
 */
export function readFrame(bytes: unknown): FrameRead {
  if (!(bytes instanceof Uint8Array)) return malformed('not bytes');
  if (bytes.byteLength < FRAME_HEADER_BYTES) return malformed('shorter than a header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return malformed('not a frame');
  const version = view.getUint16(4, true);
  if (version !== PROTOCOL_VERSION) {
    return { ok: false, outcome: 'WRONG_PROTOCOL', reason: `frame of protocol ${version}` };
  }
  const kind = kindOf(view.getUint8(6));
  const wireNumber = view.getUint8(7);
  const codec = CODEC_NAMES.find((name) => CODECS[name].wireNumber === wireNumber);
  if (kind === undefined || codec === undefined) return malformed('unknown kind or codec');
  if (view.getUint16(42, true) !== 0) return malformed('reserved bytes are not zero');
  const payloadBytes = view.getUint32(36, true);
  if (payloadBytes !== bytes.byteLength - FRAME_HEADER_BYTES) return malformed('truncated or padded payload');
  const length = view.getUint32(28, true);
  if (payloadBytes > CODECS[codec].maxPayload(length))
    return malformed('payload is too large for its length');
  const lease = view.getBigUint64(16, true);
  if (lease > BigInt(Number.MAX_SAFE_INTEGER)) return malformed('lease out of range');
  if (view.getUint32(44, true) !== checksum(bytes)) {
    return { ok: false, outcome: 'CORRUPT', reason: 'checksum does not match' };
  }
  const header: FrameHeader = {
    kind,
    codec,
    incarnation: view.getUint32(8, true),
    baseVersion: view.getUint32(12, true),
    lease: Number(lease),
    shard: view.getUint16(40, true),
    offset: view.getUint32(24, true),
    length,
    samples: view.getUint32(32, true),
  };
  return { ok: true, frame: { header, payload: bytes.subarray(FRAME_HEADER_BYTES) } };
}

/**
 * The values of a frame whose header has been checked: nothing is decoded before [CD6]. They are a copy: the payload
 * may lie at any offset of a buffer that the transport uses again [FR4].
 * @returns null where the payload does not hold this number of values.
 */
export function valuesOf({ header, payload }: EncodedFrame): Float32Array | null {
  return CODECS[header.codec].decode(payload, header.length);
}

function malformed(reason: string): FrameRead {
  return { ok: false, outcome: 'MALFORMED', reason };
}

/** CRC-32 (IEEE 802.3) of the frame as if its checksum field were zero. */
function checksum(bytes: Uint8Array): number {
  // Not bytes.slice(): of a Node Buffer that is a view, and this would clear its checksum.
  const head = new Uint8Array(bytes.subarray(0, FRAME_HEADER_BYTES));
  head.fill(0, 44, FRAME_HEADER_BYTES);
  return crc32.buf(bytes.subarray(FRAME_HEADER_BYTES), crc32.buf(head)) >>> 0;
}

function kindOf(code: number): FrameKind | undefined {
  return (Object.keys(FRAME_KINDS) as FrameKind[]).find((kind) => FRAME_KINDS[kind] === code);
}
