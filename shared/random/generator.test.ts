import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGenerator, deriveSeed, permutation } from './generator.ts';

const ANY_SEED = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });

/** Checked once against xoroshiro128+ in Python, written from Blackman and Vigna's paper. */
const GOLDEN = [
  { seed: 0, floats: [16777215, 16711679, 0, 7198, 14687231], whole: [0, 5, 944, 52, 6093] },
  { seed: 1, floats: [16777214, 16646112, 4195649, 2127901, 9712762], whole: [9, 0, 683, 162, 3868] },
  { seed: 42, floats: [16777173, 13957865, 8445103, 5518324, 2630546], whole: [4, 0, 787, 211, 10433] },
  { seed: -1, floats: [0, 16777215, 16777215, 14687996, 16769378], whole: [6, 3, 715, 98, 28515] },
];

describe('the generator', () => {
  it.each(GOLDEN)('[RA1] gives the golden numbers of seed $seed', ({ seed, floats, whole }) => {
    const generator = createGenerator(seed);
    expect(floats.map(() => generator.float() * 2 ** 24)).toEqual(floats);
    expect([10, 7, 1000, 256, 60_000].map((bound) => generator.below(bound))).toEqual(whole);
  });

  it('[RA1] takes the low 32 bits of its seed', () => {
    expect(createGenerator(2 ** 32 - 1).float()).toBe(createGenerator(-1).float());
  });

  it('[RA1] stays in its bounds', () => {
    fc.assert(
      fc.property(ANY_SEED, fc.integer({ min: 1, max: 2 ** 31 }), (seed, bound) => {
        const generator = createGenerator(seed);
        const drawn = generator.below(bound);
        const float = generator.float();
        return Number.isInteger(drawn) && drawn >= 0 && drawn < bound && float >= 0 && float < 1;
      }),
    );
  });
});

describe('a permutation', () => {
  it('[RA2] is the golden one of its seed', () => {
    expect([...permutation(42, 10)]).toEqual([9, 1, 8, 0, 6, 2, 4, 7, 3, 5]);
    expect([...permutation(1, 16)]).toEqual([5, 13, 7, 4, 15, 12, 1, 9, 10, 2, 8, 6, 0, 11, 3, 14]);
    expect([...permutation(1, 2)]).toEqual([1, 0]);
    expect([...permutation(2, 2)]).toEqual([0, 1]);
    expect([...permutation(7, 1)]).toEqual([0]);
    expect([...permutation(7, 0)]).toEqual([]);
  });

  it('[RA2] has every number once', () => {
    fc.assert(
      fc.property(ANY_SEED, fc.integer({ min: 0, max: 500 }), (seed, size) => {
        const order = permutation(seed, size).toSorted();
        return order.length === size && order.every((value, index) => value === index);
      }),
    );
  });
});

describe('a derived seed', () => {
  it('is the golden one of its parts', () => {
    expect(deriveSeed()).toBe(2654435769);
    expect(deriveSeed(0)).toBe(493009611);
    expect(deriveSeed(1, 2)).toBe(4017857470);
    expect(deriveSeed(2, 1)).toBe(3055902382);
    expect(deriveSeed(1, 2, 3)).toBe(2901138804);
  });

  it('is 32 bits without a sign, and takes the low 32 bits of each part', () => {
    expect(deriveSeed(-1)).toBe(deriveSeed(2 ** 32 - 1));
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger(), { maxLength: 6 }), (parts) => {
        const seed = deriveSeed(...parts);
        return Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32;
      }),
    );
  });

  it('differs for lists that differ in one part, in order or in length', () => {
    const lists = [0, 1, 2, 3].flatMap((a) => [
      [a],
      ...[0, 1, 2, 3].flatMap((b) => [
        [a, b],
        [a, b, 0],
        [a, b, 1],
      ]),
    ]);
    expect(new Set(lists.map((list) => deriveSeed(...list))).size).toBe(lists.length);
  });
});
