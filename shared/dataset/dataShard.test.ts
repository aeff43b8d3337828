import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeBuffer } from '../testing/nodeBuffer.ts';
import { decodeDataShard, encodeDataShard, type DataShard } from './dataShard.ts';

const SMALL: DataShard = {
  samples: 2,
  shape: [1, 2, 1],
  images: Uint8Array.of(1, 2, 3, 255),
  labels: Uint8Array.of(9, 0),
};
const SMALL_BYTES = [
  ...[0x54, 0x53, 0x44, 0x53],
  ...[2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0],
  ...[1, 2, 3, 255],
  ...[9, 0],
];

const side = fc.integer({ min: 1, max: 4 });
const anyShard = fc
  .record({ samples: fc.nat(6), shape: fc.tuple(side, side, side), salt: fc.nat(255) })
  .map(({ samples, shape, salt }): DataShard => {
    const pixels = samples * shape[0] * shape[1] * shape[2];
    const images = Uint8Array.from({ length: pixels }, (_, index) => index * 7 + salt);
    return {
      samples,
      shape,
      images,
      labels: Uint8Array.from({ length: samples }, (_, index) => index + salt),
    };
  });

describe('a data shard', () => {
  it('[DS2] is the golden bytes', () => {
    expect([...encodeDataShard(SMALL)]).toEqual(SMALL_BYTES);
    expect(decodeDataShard(Uint8Array.from(SMALL_BYTES))).toEqual(SMALL);
  });

  it('[DS2] is read back as it was written, wherever it lies', () => {
    fc.assert(
      fc.property(anyShard, fc.nat(5), (shard, offset) => {
        const { images, labels, ...rest } = decodeDataShard(nodeBuffer(encodeDataShard(shard), offset));
        expect({ ...rest, images: Uint8Array.from(images), labels: Uint8Array.from(labels) }).toEqual(shard);
      }),
    );
  });

  it('[DS8] is refused when cut off anywhere or padded', () => {
    fc.assert(
      fc.property(
        anyShard,
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 30 }),
        (shard, place, more) => {
          const bytes = encodeDataShard(shard);
          expect(() => decodeDataShard(bytes.subarray(0, place % bytes.length))).toThrow(RangeError);
          expect(() => decodeDataShard(Uint8Array.of(...bytes, ...more))).toThrow(RangeError);
        },
      ),
    );
  });

  it('[DS8] of any other bytes is refused, whatever sizes they claim', () => {
    const refused = (bytes: Uint8Array) => {
      expect(() => decodeDataShard(bytes)).toThrow(RangeError);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), refused));
    const claims = new Uint8Array(28).fill(0xff);
    claims.set(SMALL_BYTES.slice(0, 4));
    refused(claims);
  });

  it('[DS2] is not made of arrays that do not have its size', () => {
    expect(() => encodeDataShard({ ...SMALL, samples: 3 })).toThrow(RangeError);
    expect(() => encodeDataShard({ ...SMALL, labels: Uint8Array.of(1) })).toThrow(RangeError);
    expect(() => encodeDataShard({ ...SMALL, images: new Uint8Array(5) })).toThrow(RangeError);
  });
});
