import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permutation } from '../random/generator.ts';
import { unitOrder } from './unit.ts';

describe('the order of a unit', () => {
  it('[UN1] is the permutation of its seed', () => {
    expect(unitOrder(42, 0, 10, 4)).toEqual(permutation(42, 10).slice(0, 4));
    expect(unitOrder(42, 0, 10, 10)).toEqual(permutation(42, 10));
  });

  it('[UN1] goes on with the next seed when the data shard is exhausted', () => {
    expect([...unitOrder(42, 0, 10, 25)]).toEqual([
      ...permutation(42, 10),
      ...permutation(43, 10),
      ...permutation(44, 10).slice(0, 5),
    ]);
  });

  it('[UN1] begins where it is told, however far along', () => {
    expect([...unitOrder(42, 7, 10, 5)]).toEqual([
      ...permutation(42, 10).slice(7),
      ...permutation(43, 10).slice(0, 2),
    ]);
    expect(unitOrder(42, 30, 10, 10)).toEqual(permutation(45, 10));
    expect([...unitOrder(42, 5, 10, 0)]).toEqual([]);
    const far = Number.MAX_SAFE_INTEGER;
    expect(new Set(unitOrder(2 ** 32 - 1, far, 10, 20)).size).toBe(10);
  });

  it('[UN1] units one after another, of any sizes, are one order: every sample once before any twice', () => {
    const sizes = fc.array(fc.nat(200), { maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 60 }), sizes, (seed, samples, counts) => {
        const order: number[] = [];
        for (const count of counts) order.push(...unitOrder(seed, order.length, samples, count));
        expect(order).toEqual([...unitOrder(seed, 0, samples, order.length)]);
        for (let pass = 0; pass < order.length; pass += samples) {
          const part = order.slice(pass, pass + samples);
          expect(new Set(part).size).toBe(part.length);
        }
      }),
    );
  });

  it('[UN1] of a data shard without samples is refused', () => {
    expect(() => unitOrder(1, 0, 0, 5)).toThrow(RangeError);
  });
});
