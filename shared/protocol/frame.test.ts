import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODEC_NAMES, CODECS } from '../codec/codecs.ts';
import { decodeFrame, type Frame } from '../testing/decodeFrame.ts';
import { nodeBuffer } from '../testing/nodeBuffer.ts';
import { encodeFrame, FRAME_HEADER_BYTES, readFrame, valuesOf, type FrameHeader } from './frame.ts';
import { OUTCOME_NAMES } from './outcomes.ts';

const VALUES = Float32Array.of(1, -2.5, 0.1);
const HEADER: FrameHeader = {
  kind: 'gradient',
  codec: 'float32',
  incarnation: 0x89abcdef,
  baseVersion: 7,
  lease: 2 ** 40 + 5,
  shard: 2,
  offset: 512,
  length: 3,
  samples: 32,
};

/** The golden frames of protocol 7: also those of Python's struct and zlib.crc32. */
const GOLDEN: [FrameHeader, string][] = [
  [
    HEADER,
    '5453574d07000101efcdab890700000005000000000100000002000003000000200000000c0000000200000097b5dbab0000803f000020c0cdcccc3d',
  ],
  [
    { ...HEADER, kind: 'delta' },
    '5453574d07000201efcdab890700000005000000000100000002000003000000200000000c000000020000004d4f35a90000803f000020c0cdcccc3d',
  ],
  [
    { ...HEADER, kind: 'weights', lease: 0, samples: 0 },
    '5453574d07000301efcdab890700000000000000000000000002000003000000000000000c0000000200000018972e520000803f000020c0cdcccc3d',
  ],
];

const toHex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const bitsOf = (values: Float32Array) => [...new Uint32Array(values.slice().buffer)];

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Any frame, its values any bits. */
const anyFrame = fc
  .record({
    kind: fc.constantFrom('gradient' as const, 'delta' as const, 'weights' as const),
    incarnation: u32,
    baseVersion: u32,
    lease: fc.maxSafeNat(),
    shard: fc.integer({ min: 0, max: 65_535 }),
    offset: u32,
    samples: u32,
    bits: fc.uint32Array({ maxLength: 24 }),
  })
  .map(({ bits, ...rest }): Frame => {
    const values = new Float32Array(bits.slice().buffer);
    return { header: { ...rest, codec: 'float32', length: values.length }, values };
  });
/** The same frames, their values in any codec. */
const anyCodec = fc
  .tuple(anyFrame, fc.constantFrom(...CODEC_NAMES))
  .map(([{ header, values }, codec]): Frame => ({ header: { ...header, codec }, values }));

function read(bytes: unknown): Frame {
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) throw new Error(`${decoded.outcome}: ${decoded.reason}`);
  return decoded.frame;
}

describe('a frame', () => {
  it.each(GOLDEN)('[FR1] of $kind is the golden bytes', (header, hex) => {
    const bytes = encodeFrame(header, VALUES);
    expect(toHex(bytes)).toBe(hex);
    expect(read(bytes)).toEqual({ header, values: VALUES });
  });

  it('[FR1] gives back its header and every bit of its values', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const { header, values } = read(encodeFrame(frame.header, frame.values));
        expect(header).toEqual(frame.header);
        expect(bitsOf(values)).toEqual(bitsOf(frame.values));
      }),
    );
  });

  it('[FR1] [CD1] of another codec is the golden bytes, and has its own wire number', () => {
    const bytes = encodeFrame({ ...HEADER, codec: 'float16' }, VALUES);
    expect(toHex(bytes)).toBe(
      '5453574d07000102efcdab8907000000050000000001000000020000030000002000000006000000020000000fe065cd003c00c1662e',
    );
  });

  it('[FR1] [CD1] gives back its header, and values as its codec gives them back, under any codec', () => {
    fc.assert(
      fc.property(anyCodec, ({ header, values }) => {
        const codec = CODECS[header.codec];
        const decoded = codec.decode(codec.encode(values), values.length);
        expect(read(encodeFrame(header, values))).toEqual({ header, values: decoded });
      }),
    );
  });

  it('[FR1] has a lease of 2^53 - 1 at most', () => {
    const header = { ...HEADER, lease: Number.MAX_SAFE_INTEGER };
    expect(read(encodeFrame(header, VALUES)).header).toEqual(header);
  });

  it('[FR1] is not made where its length is not the number of its values', () => {
    expect(() => encodeFrame({ ...HEADER, length: 4 }, VALUES)).toThrow(RangeError);
  });
});

describe('reading a frame', () => {
  const answers = (bytes: unknown) => {
    const decoded = decodeFrame(bytes);
    return decoded.ok || (OUTCOME_NAMES.includes(decoded.outcome) && decoded.reason !== '');
  };

  it('[FR2] never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything({ withTypedArray: true, withBigInt: true }), answers));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), answers));
  });

  it('[FR2] never throws on a frame with any field overwritten or cut anywhere', () => {
    fc.assert(
      fc.property(
        anyCodec,
        fc.nat(47),
        fc.uint8Array({ maxLength: 8 }),
        fc.nat(150),
        (frame, at, bytes, end) => {
          const encoded = encodeFrame(frame.header, frame.values);
          encoded.set(bytes.subarray(0, encoded.length - at), at);
          return answers(encoded) && answers(encoded.subarray(0, end)) && answers(encoded.subarray(at));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['not bytes', 'MALFORMED', () => 'frame'],
    ['shorter than a header', 'MALFORMED', (bytes: Uint8Array) => bytes.subarray(0, 47)],
    ['not a frame', 'MALFORMED', (bytes: Uint8Array) => bytes.with(0, 0)],
    ['frame of protocol 5', 'WRONG_PROTOCOL', (bytes: Uint8Array) => bytes.with(4, 5)],
    ['unknown kind or codec', 'MALFORMED', (bytes: Uint8Array) => bytes.with(6, 4)],
    ['unknown kind or codec', 'MALFORMED', (bytes: Uint8Array) => bytes.with(7, 0)],
    ['reserved bytes are not zero', 'MALFORMED', (bytes: Uint8Array) => bytes.with(43, 1)],
    ['truncated or padded payload', 'MALFORMED', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['truncated or padded payload', 'MALFORMED', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    ['payload is too large for its length', 'MALFORMED', (bytes: Uint8Array) => bytes.with(28, 2)],
    ['payload is too large for its length', 'MALFORMED', (bytes: Uint8Array) => bytes.with(7, 2)],
    ['lease out of range', 'MALFORMED', (bytes: Uint8Array) => bytes.with(23, 1)],
    ['checksum does not match', 'CORRUPT', (bytes: Uint8Array) => bytes.with(FRAME_HEADER_BYTES, 1)],
    ['checksum does not match', 'CORRUPT', (bytes: Uint8Array) => bytes.with(12, 8)],
  ])('[FR2] says "%s" with %s', (reason, outcome, spoil) => {
    expect(readFrame(spoil(encodeFrame(HEADER, VALUES)))).toEqual({ ok: false, outcome, reason });
  });

  it('[FR2] [CD2] gives no values where the payload does not hold as many as the header says', () => {
    const read = readFrame(encodeFrame(HEADER, VALUES));
    if (!read.ok) throw new Error(read.reason);
    const { header, payload } = read.frame;
    expect(valuesOf({ header: { ...header, length: 4 }, payload })).toBeNull();
    expect(valuesOf({ header, payload })).toEqual(VALUES);
  });

  it('[FR3] a frame with any bit flipped is not read as another frame', () => {
    const bytes = encodeFrame(HEADER, VALUES);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const spoiled = bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      expect(decodeFrame(spoiled), `bit ${bit}`).toMatchObject({ ok: false });
    }
  });

  it('[FR3] a frame with up to 32 bits in a row changed is not read as another frame', () => {
    fc.assert(
      fc.property(
        anyCodec,
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        (frame, place, burst) => {
          const bytes = encodeFrame(frame.header, frame.values);
          const at = place % (bytes.length - burst.length + 1);
          burst.forEach((mask, index) => bytes.set([(bytes[at + index] ?? 0) ^ mask], at + index));
          expect(decodeFrame(bytes).ok).toBe(burst.every((mask) => mask === 0));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('[FR4] [FR5] is right at any offset of a Node Buffer, and keeps its values when that is overwritten', () => {
    fc.assert(
      fc.property(anyFrame, fc.integer({ min: 0, max: 9 }), (frame, offset) => {
        const buffer = nodeBuffer(encodeFrame(frame.header, frame.values), offset);
        const { header, values } = read(buffer);
        buffer.fill(0xff);
        expect(header).toEqual(frame.header);
        expect(bitsOf(values)).toEqual(bitsOf(frame.values));
      }),
    );
  });

  it('[FR4] leaves a Node Buffer as it was, so that it can be read again', () => {
    const bytes = encodeFrame(HEADER, VALUES);
    const buffer = nodeBuffer(bytes, 3);
    expect(read(buffer)).toEqual(read(buffer));
    expect(toHex(buffer)).toBe(toHex(bytes));
  });
});
