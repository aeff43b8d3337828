import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK, cutKeyRanges, sliceOf } from '../../../shared/model/ranges.ts';
import { blockProducts, sumOfBlocks } from '../shard/norms.ts';
import type { SliceProducts } from '../shard/shardPort.ts';
import { InnerProducts } from './innerProducts.ts';

const all = () => true;
const rows = (...given: [lease: number, ...sums: number[]][]): SliceProducts => ({
  leases: given.map(([lease]) => lease),
  sums: Float64Array.from(given.flatMap(([, ...sums]) => sums)),
});

describe('the inner products of a run', () => {
  it('[SL4] are those of the whole vectors, in whatever order slices are staged at the shards', () => {
    const length = 3 * BLOCK + 5;
    const vectors = fc.array(
      fc.float32Array({ minLength: length, maxLength: length, noNaN: true, min: -1e3, max: 1e3 }),
      { minLength: 2, maxLength: 5 },
    );
    const pushes = vectors.chain((updates) => {
      const each = [0, 1, 2, 3].flatMap((shard) => updates.map((_, lease) => ({ shard, lease })));
      return fc.tuple(
        fc.constant(updates),
        fc.shuffledSubarray(each, { minLength: each.length, maxLength: each.length }),
      );
    });
    const ranges = cutKeyRanges(length, 4);
    const valuesOf = (update: Float32Array, shard: number) => {
      const range = ranges[shard];
      if (range === undefined) throw new Error('there are four shards');
      return sliceOf(update, range);
    };
    fc.assert(
      fc.property(pushes, ([updates, order]) => {
        const products = new InnerProducts(4);
        const staged = ranges.map(() => new Map<number, { values: Float32Array }>());
        for (const { shard, lease } of order) {
          const values = valuesOf(updates[lease] ?? new Float32Array(0), shard);
          products.add(lease, shard, blockProducts(values, staged[shard] ?? new Map()), all);
          staged[shard]?.set(lease, { values });
        }
        updates.forEach((one, lease) =>
          updates.slice(0, lease).forEach((other, before) => {
            const whole = sumOfBlocks(blockProducts(one, new Map([[0, { values: other }]])).sums);
            expect(products.between(lease, before)).toBe(whole);
            expect(products.between(before, lease)).toBe(whole);
          }),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('are known once every shard has reported, and until one of the two is decided', () => {
    const products = new InnerProducts(2);
    products.add(2, 0, rows([1, 3, 4]), all);
    expect(() => products.between(1, 2)).toThrow('the inner product of leases 1 and 2 is not known');
    products.add(1, 1, rows([2, 5]), all);
    products.add(3, 0, rows([1, 1, 1], [2, 2, 2]), all);
    products.add(3, 1, rows([1, 1], [2, 2]), all);
    expect([products.between(1, 2), products.between(2, 3)]).toEqual([12, 6]);
    products.forget(2);
    expect(() => products.between(2, 1)).toThrow();
    expect(products.between(3, 1)).toBe(3);
  });

  it('leave out what is decided while the shard still has it', () => {
    const products = new InnerProducts(1);
    products.add(3, 0, rows([1, 7], [2, 8]), (lease) => lease !== 1);
    expect(products.between(3, 2)).toBe(8);
    expect(() => products.between(3, 1)).toThrow();
  });
});
