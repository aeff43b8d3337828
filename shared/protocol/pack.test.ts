import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePack } from '../testing/decodePack.ts';
import { nodeBuffer } from '../testing/nodeBuffer.ts';
import { encodeFrame, type FrameHeader } from './frame.ts';
import { encodePack, readPack } from './pack.ts';

const HEADER: FrameHeader = {
  kind: 'delta',
  codec: 'float32',
  incarnation: 0x89abcdef,
  baseVersion: 7,
  lease: 9,
  shard: 0,
  offset: 0,
  length: 2,
  samples: 32,
};
const sliceOf = (shard: number, values: Float32Array) => ({
  header: { ...HEADER, shard, offset: 256 * shard, length: values.length },
  values,
});
const SLICES = [sliceOf(0, Float32Array.of(1, -2.5)), sliceOf(2, Float32Array.of(0.25))];
const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

describe('a pack', () => {
  it('[FR6] is its magic, the number of its frames, their bytes, and the frames', () => {
    const [first, second] = SLICES.map(({ header, values }) => toHex(encodeFrame(header, values)));
    expect(toHex(encodePack(SLICES))).toBe(`54535750020000003800000034000000${first}${second}`);
  });

  it('[FR6] [FR4] gives back its slices, at any offset of the buffer that it lies in', () => {
    const anySlices = fc.array(fc.uint32Array({ maxLength: 12 }), { maxLength: 5 });
    fc.assert(
      fc.property(anySlices, fc.integer({ min: 0, max: 9 }), (bits, offset) => {
        const slices = bits.map((each, shard) => sliceOf(shard, new Float32Array(each.slice().buffer)));
        const read = decodePack(nodeBuffer(encodePack(slices), offset));
        expect(read).toEqual({ ok: true, frames: slices });
      }),
    );
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a frame alone', encodeFrame(HEADER, Float32Array.of(1, 2))],
    ['one byte less', encodePack(SLICES).subarray(0, -1)],
    ['one byte more', Uint8Array.of(...encodePack(SLICES), 0)],
    ['a number of frames that it has no room for', encodePack(SLICES).with(7, 255)],
    ['a frame fewer than follow', encodePack(SLICES).with(4, 1)],
  ])('[FR2] of %s is MALFORMED', (_name, bytes) => {
    expect(readPack(bytes)).toMatchObject({ ok: false, outcome: 'MALFORMED' });
  });

  it('[FR2] [FR3] is not read as another one with any bit changed, whatever becomes of it', () => {
    const pack = encodePack(SLICES);
    for (let bit = 0; bit < 8 * pack.byteLength; bit++) {
      const changed = pack.with(bit >> 3, (pack[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      expect(readPack(changed).ok, `bit ${bit}`).toBe(false);
    }
  });

  it('[CM2] with one faulty frame is faulty', () => {
    const pack = encodePack(SLICES);
    expect(readPack(pack.with(pack.byteLength - 1, 1))).toMatchObject({ ok: false, outcome: 'CORRUPT' });
  });
});
