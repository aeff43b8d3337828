import { readFrame, valuesOf, type FrameHeader, type FrameRead } from '../protocol/frame.ts';

/** A frame as tests look at it: its header and its values. */
export interface Frame {
  header: FrameHeader;
  values: Float32Array;
}

export type DecodedFrame = { ok: true; frame: Frame } | Extract<FrameRead, { ok: false }>;

/** Reads and decodes at once, as nobody does who is given frames from outside. */
export function decodeFrame(bytes: unknown): DecodedFrame {
  const read = readFrame(bytes);
  if (!read.ok) return read;
  const values = valuesOf(read.frame);
  if (values === null)
    return { ok: false, outcome: 'MALFORMED', reason: 'the payload does not hold its length' };
  return { ok: true, frame: { header: read.frame.header, values } };
}
