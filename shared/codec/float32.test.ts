import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeBuffer } from '../testing/nodeBuffer.ts';
import { decodeFloat32, encodeFloat32 } from './float32.ts';

/** Any bits, NaNs with a payload among them. */
const anyBits = fc
  .uint32Array({ maxLength: 40 })
  .map((bits) => new Float32Array(bits.buffer, bits.byteOffset, bits.length));
const bitsOf = (values: Float32Array) => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length),
];

describe('the float32 codec', () => {
  it('writes little-endian', () => {
    expect([...encodeFloat32(Float32Array.of(1, -2.5))]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
    expect([...decodeFloat32(Uint8Array.of(0, 0, 0x80, 0x3f))]).toEqual([1]);
  });

  it('writes the part that a view shows', () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    expect([...decodeFloat32(encodeFloat32(whole.subarray(1, 3)))]).toEqual([2, 3]);
  });

  it('[FR4] [FR5] gives back every bit, from a Node Buffer at any offset that is overwritten afterwards', () => {
    fc.assert(
      fc.property(anyBits, fc.integer({ min: 0, max: 7 }), (values, offset) => {
        const buffer = nodeBuffer(encodeFloat32(values), offset);
        const decoded = decodeFloat32(buffer);
        buffer.fill(0xff);
        expect(bitsOf(decoded)).toEqual(bitsOf(values));
      }),
    );
  });

  it('refuses a length that is no multiple of 4', () => {
    for (const length of [1, 2, 3, 5])
      expect(() => decodeFloat32(new Uint8Array(length))).toThrow(RangeError);
  });
});
