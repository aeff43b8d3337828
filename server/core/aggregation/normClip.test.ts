import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAggregation } from './aggregation.ts';
import { RULE_SETTINGS } from './testing/joined.ts';

interface Facts {
  norm: number;
  samples: number;
}

const countsOf = (updates: Facts[], clipNorm: number | null = null) =>
  createAggregation('normClip', { ...RULE_SETTINGS, clipNorm }).coefficients(
    updates.map((update) => ({ ...update, products: [], vouched: true })),
  );
const ofNorms = (...norms: number[]) => norms.map((norm) => ({ norm, samples: 10 }));

const facts = fc.array(
  fc.record({
    norm: fc.double({ noNaN: true, min: 0, max: 1e4 }),
    samples: fc.integer({ min: 1, max: 1e5 }),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('normClip', () => {
  it('[AG8] [AG15] scales what exceeds the bound of the operator down to it, and nothing else', () => {
    expect(countsOf(ofNorms(1, 2, 8, 0), 4)).toEqual([0.25, 0.25, 0.125, 0.25]);
    expect(countsOf(ofNorms(8), 4)).toEqual([0.5]);
  });

  it('[AG16] finds its bound in the norms of the commit: their median, of an even number the lower one', () => {
    expect(countsOf(ofNorms(1000, 2, 1))).toEqual([0.002 / 3, 1 / 3, 1 / 3]);
    expect(countsOf(ofNorms(1000, 4, 2, 1))).toEqual([0.0005, 0.125, 0.25, 0.25]);
    expect(countsOf(ofNorms(0, 0, 5))).toEqual([1 / 3, 1 / 3, 0]);
  });

  it('[AG17] weighs one or two updates as the mean does where it has no bound', () => {
    expect(countsOf(ofNorms(1e4))).toEqual([1]);
    expect(countsOf(ofNorms(1e4, 1))).toEqual([0.5, 0.5]);
  });

  it('[AG8] no update brings more than its share of the samples times the bound', () => {
    fc.assert(
      fc.property(facts, fc.option(fc.double({ noNaN: true, min: 1e-6, max: 1e4 })), (updates, clipNorm) => {
        const ascending = updates.map(({ norm }) => norm).toSorted((left, right) => left - right);
        const median = ascending[Math.ceil(updates.length / 2) - 1] ?? NaN;
        const bound = clipNorm ?? (updates.length < 3 ? Infinity : median);
        const total = updates.reduce((sum, { samples }) => sum + samples, 0);
        for (const [index, count] of countsOf(updates, clipNorm).entries()) {
          const { samples = 0, norm = 0 } = updates[index] ?? {};
          expect(count).toBeGreaterThanOrEqual(0);
          expect(count).toBeLessThanOrEqual(samples / total);
          expect(count * norm).toBeLessThanOrEqual((samples / total) * bound * (1 + 1e-12));
        }
      }),
    );
  });
});
