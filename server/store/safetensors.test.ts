import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StoreError } from './errors.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.ts';

const bits = (values: Float32Array) => [...new Uint32Array(values.slice().buffer)];
const plain = ({ name, shape, values }: Tensor) => ({ name, shape, values: bits(values) });

/** Any float32 bit pattern, NaNs among them. */
const tensor = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  return fc.record({
    name: fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
    shape: fc.constant(shape),
    values: fc
      .uint32Array({ minLength: length, maxLength: length })
      .map((patterns) => new Float32Array(patterns.slice().buffer)),
  });
});
const file = fc.record({
  tensors: fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 }),
  metadata: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
});

/** A file as another writer might make it. */
function written(header: unknown, body = 0): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(body)]);
}
const f32 = (shape: unknown, ...offsets: unknown[]) => ({ dtype: 'F32', shape, data_offsets: offsets });

describe('safetensors', () => {
  test('[CK12] what was encoded is decoded, bit for bit, wherever the bytes lie', () => {
    fc.assert(
      fc.property(file, fc.nat(7), (given, shift) => {
        const encoded = encodeSafetensors(given);
        const decoded = decodeSafetensors(Buffer.concat([Buffer.alloc(shift), encoded]).subarray(shift));
        const byName = (tensors: Tensor[]) =>
          tensors.map(plain).sort((one, other) => (one.name < other.name ? -1 : 1));
        expect(byName(decoded.tensors)).toEqual(byName(given.tensors));
        expect(Object.entries(decoded.metadata).sort()).toEqual(Object.entries(given.metadata).sort());
      }),
    );
  });

  test('[CK1] a file is the bytes that the format says, its tensors aligned to 8', () => {
    const bytes = encodeSafetensors({
      tensors: [
        { name: 'w', shape: [1, 2], values: Float32Array.of(1, -2) },
        { name: 'b', shape: [], values: Float32Array.of(0.5) },
      ],
      metadata: { a: 'b' },
    });
    const header =
      '{"__metadata__":{"a":"b"},' +
      '"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
      '"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
    expect(Buffer.from(bytes.subarray(8, 8 + padded.length)).toString()).toBe(padded);
    expect(Buffer.from(bytes.subarray(0, 8)).readBigUInt64LE()).toBe(BigInt(padded.length));
    expect(Buffer.from(bytes.subarray(8 + padded.length)).toString('hex')).toBe('0000803f000000c00000003f');
  });

  test('[CK1] what would not be a file is refused', () => {
    const values = Float32Array.of(1, 2);
    const one = { name: 'w', shape: [2], values };
    expect(() => encodeSafetensors({ tensors: [one, one], metadata: {} })).toThrow(
      'tensor w: the name is taken',
    );
    expect(() => encodeSafetensors({ tensors: [{ ...one, name: '__metadata__' }], metadata: {} })).toThrow(
      StoreError,
    );
    expect(() => encodeSafetensors({ tensors: [{ ...one, shape: [3] }], metadata: {} })).toThrow(
      'tensor w: 2 values do not fill shape [3]',
    );
  });

  test.each<[string, Uint8Array, string]>([
    ['no length', Buffer.alloc(7), "ends in the header's length"],
    ['a header beyond the end', written({}).subarray(0, 9), 'the header claims 2 bytes, but 1 follow'],
    ['a header beyond all files', Buffer.alloc(16, 0xff), 'the header claims 18446744073709551615 bytes'],
    ['no JSON', written('{"w":'), 'the header is not JSON'],
    ['no UTF-8', Buffer.concat([written('{"').subarray(0, 10), Buffer.of(0xff)]).fill(3, 0, 1), 'not JSON'],
    ['no object', written([]), 'the header is not a JSON object'],
    ['no description', written({ w: 3 }), 'tensor w: is not described'],
    [
      'another dtype',
      written({ w: { ...f32([1], 0, 4), dtype: 'F16' } }, 4),
      'tensor w: dtype "F16" is not "F32"',
    ],
    ['no dtype', written({ w: { shape: [1], data_offsets: [0, 4] } }, 4), 'tensor w: dtype'],
    ['a negative size', written({ w: f32([-1, -1], 0, 4) }, 4), 'tensor w: shape is not'],
    ['a broken size', written({ w: f32([0.5, 2], 0, 4) }, 4), 'tensor w: shape is not'],
    ['one offset', written({ w: f32([1], 4) }, 4), 'tensor w: data_offsets are not two'],
    ['a shape that does not fit', written({ w: f32([2], 0, 4) }, 4), 'bytes 0 to 4 do not fit shape [2]'],
    ['an endless shape', written({ w: f32(new Array(30).fill(2 ** 52), 0, 4) }, 4), 'do not fit shape'],
    ['offsets in the wrong order', written({ w: f32([1], 4, 0) }, 4), 'bytes 4 to 0 do not fit'],
    [
      'an overlap',
      written({ v: f32([2], 0, 8), w: f32([2], 4, 12) }, 12),
      'tensor w: begins at byte 4 and overlaps',
    ],
    [
      'a gap',
      written({ v: f32([1], 0, 4), w: f32([1], 8, 12) }, 12),
      'tensor w: begins at byte 8 and leaves a gap',
    ],
    ['bytes of no tensor', written({ w: f32([1], 0, 4) }, 5), 'take 4 bytes, but the file has 5'],
    ['a missing end', written({ w: f32([2], 0, 8) }, 7), 'take 8 bytes, but the file has 7'],
    ['metadata that are not strings', written({ __metadata__: { a: 1 } }), '__metadata__ is not'],
    ['metadata that are null', written({ __metadata__: null }), '__metadata__ is not'],
  ])('[CK2] %s is refused by name', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(StoreError);
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  test('[CK2] a file cut off anywhere is refused', () => {
    fc.assert(
      fc.property(file, fc.nat(), (given, cut) => {
        const bytes = encodeSafetensors(given);
        expect(() => decodeSafetensors(bytes.subarray(0, cut % bytes.length))).toThrow(StoreError);
      }),
    );
  });

  test('[CK2] whatever the bytes are, they are decoded or refused with a StoreError', () => {
    const damaged = fc.tuple(
      file,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1 }),
    );
    fc.assert(
      fc.property(damaged, ([given, flips]) => {
        const bytes = encodeSafetensors(given);
        const view = Buffer.from(bytes.buffer);
        for (const [position, flip] of flips) {
          const at = position % bytes.length;
          view.writeUInt8(view.readUInt8(at) ^ flip, at);
        }
        try {
          decodeSafetensors(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
        }
      }),
    );
  });
});
