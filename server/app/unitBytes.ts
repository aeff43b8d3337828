import { CODECS, WEIGHTS_CODEC, type CodecName } from '../../shared/codec/codecs.ts';
import type { KeyRange } from '../../shared/model/ranges.ts';
import { FRAME_HEADER_BYTES } from '../../shared/protocol/frame.ts';

/** Bytes that a unit takes over the server's line at most: its update in a codec, and the weights it is computed on. */
export function bytesOfUnit(ranges: readonly KeyRange[], codec: CodecName): number {
  const framesIn = (name: CodecName) =>
    ranges.reduce((sum, { length }) => sum + FRAME_HEADER_BYTES + CODECS[name].maxPayload(length), 0);
  return framesIn(codec) + framesIn(WEIGHTS_CODEC);
}
