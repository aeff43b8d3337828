import { readPack, type PackRead } from '../protocol/pack.ts';
import { valuesOf } from '../protocol/frame.ts';
import type { Frame } from './decodeFrame.ts';

export type PackDecoded = { ok: true; frames: Frame[] } | Extract<PackRead, { ok: false }>;

/** A pack with the values of its frames decoded, of any codec. */
export function decodePack(bytes: unknown): PackDecoded {
  const read = readPack(bytes);
  if (!read.ok) return read;
  const frames = read.frames.map((frame) => {
    const values = valuesOf(frame);
    if (values === null) throw new Error('a payload does not hold its length');
    return { header: frame.header, values };
  });
  return { ok: true, frames };
}
