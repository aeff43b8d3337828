import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK } from '../model/ranges.ts';
import { nodeBuffer } from '../testing/nodeBuffer.ts';
import type { Codec } from './codec.ts';
import { CODEC_NAMES, CODECS, maxPayloadOfAll, WEIGHTS_CODEC, type CodecName } from './codecs.ts';

/* The contract of every codec of the table. */

const GOLDEN_VALUES = Float32Array.of(0, -0, 1, -2.5, 0.1, 1e-6, 12_345.678, Infinity);

/** What `GOLDEN_VALUES` are on the wire: pinned, so that a number or a byte never changes its meaning. */
const GOLDEN: Record<CodecName, { wireNumber: number; hex: string }> = {
  float32: { wireNumber: 1, hex: '00000000000000800000803f000020c0cdcccc3dbd378635b6e640460000807f' },
  float16: { wireNumber: 2, hex: '00000080003c00c1662e11000772007c' },
};

const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const bitsOf = (values: Float32Array) => [...new Uint32Array(values.slice().buffer)];

/** Any bits, NaNs with a payload among them. */
const anyValues = fc
  .uint32Array({ maxLength: 40 })
  .map((bits) => new Float32Array(bits.buffer, bits.byteOffset, bits.length));
/** As gradients are: of both signs and many magnitudes. */
const anyGradient = (length: number) =>
  fc
    .float32Array({ minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true })
    .map((values) => values.map((value) => value / 2 ** 100));

/** What a peer gets of the values. */
function through(codec: Codec, values: Float32Array): Float32Array {
  const decoded = codec.decode(codec.encode(values), values.length);
  if (decoded === null) throw new Error('a codec does not read what it wrote');
  return decoded;
}

describe.each(CODEC_NAMES)('the codec %s', (name) => {
  const codec = CODECS[name];

  it('[CD1] writes its golden bytes under its golden number', () => {
    const { wireNumber, hex } = GOLDEN[name];
    expect(codec.wireNumber).toBe(wireNumber);
    expect(toHex(codec.encode(GOLDEN_VALUES))).toBe(hex);
  });

  it('[CD2] writes no more than it says, and reads as many values as it wrote', () => {
    fc.assert(
      fc.property(anyValues, (values) => {
        expect(codec.encode(values).byteLength).toBeLessThanOrEqual(codec.maxPayload(values.length));
        expect(through(codec, values)).toHaveLength(values.length);
      }),
    );
  });

  it('[CD2] reads any bytes as the given number of values or as none, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(32), (bytes, length) => {
        const values = codec.decode(bytes, length);
        expect(values === null || values.length === length).toBe(true);
      }),
    );
  });

  it('[CD3] gives the same values wherever the vector is cut between blocks', () => {
    const length = 4 * BLOCK + 10;
    fc.assert(
      fc.property(anyGradient(length), fc.uniqueArray(fc.integer({ min: 1, max: 4 })), (values, blocks) => {
        const edges = [0, ...blocks.toSorted().map((block) => block * BLOCK), length];
        const parts = edges.slice(1).map((end, index) => values.subarray(edges[index], end));
        const joined = parts.flatMap((part) => bitsOf(through(codec, part)));
        expect(joined).toEqual(bitsOf(through(codec, values)));
      }),
      { numRuns: 20 },
    );
  });

  it('[CD4] keeps a NaN or an infinity no number', () => {
    fc.assert(
      fc.property(anyValues, fc.constantFrom(NaN, Infinity, -Infinity), (values, poison) => {
        const spoiled = Float32Array.of(...values, poison);
        expect(Number.isFinite(through(codec, spoiled).at(-1))).toBe(false);
      }),
    );
  });

  it('gives the same bytes for the same values, and leaves them as they are', () => {
    fc.assert(
      fc.property(anyValues, (values) => {
        const before = bitsOf(values);
        expect(toHex(codec.encode(values))).toBe(toHex(codec.encode(values.slice())));
        expect(bitsOf(values)).toEqual(before);
      }),
    );
  });

  it('writes the part that a view shows', () => {
    const whole = Float32Array.of(1, 2, 3, 4);
    expect(toHex(codec.encode(whole.subarray(1, 3)))).toBe(toHex(codec.encode(Float32Array.of(2, 3))));
  });

  it('[FR4] reads a Node Buffer at any offset, and keeps its values when that is overwritten', () => {
    fc.assert(
      fc.property(anyValues, fc.integer({ min: 0, max: 7 }), (values, offset) => {
        const buffer = nodeBuffer(codec.encode(values), offset);
        const decoded = codec.decode(buffer, values.length) ?? new Float32Array(0);
        buffer.fill(0xff);
        expect(bitsOf(decoded)).toEqual(bitsOf(through(codec, values)));
      }),
    );
  });

  it('says what it is in half a sentence', () => {
    expect(codec.help).toMatch(/^[a-z].*[^.;]$/);
  });
});

describe('the codecs', () => {
  it('[CD1] have a number of their own each, which fits a byte and is not 0', () => {
    const numbers = CODEC_NAMES.map((name) => CODECS[name].wireNumber);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.filter((number) => !(Number.isInteger(number) && number >= 1 && number <= 255))).toEqual(
      [],
    );
  });

  it('[CD2] bound a payload together by the largest of them', () => {
    expect(maxPayloadOfAll(1000)).toBe(Math.max(...CODEC_NAMES.map((name) => CODECS[name].maxPayload(1000))));
  });

  it('[CD7] give weights back bit-identical', () => {
    fc.assert(
      fc.property(anyValues, (values) => {
        expect(bitsOf(through(CODECS[WEIGHTS_CODEC], values))).toEqual(bitsOf(values));
      }),
    );
  });
});
