import { describe, expect, it } from 'vitest';
import { attackerTable, honestTable, quantile, rowsOf, type Compared } from './table.ts';

const compared = (relative: number, rest: Partial<Compared> = {}): Compared => ({
  model: 'lenet',
  version: 0,
  batch: 4,
  steps: 10,
  who: 'webgpu',
  isHonest: true,
  server: 'strict',
  cosine: 1 - relative,
  relative,
  ...rest,
});

describe('the table of distances', () => {
  it('has quantiles by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0, 0.5, 0.9, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([1, 50, 90, 99, 100]);
    expect([0, 0.99, 1].map((share) => quantile([7], share))).toEqual([7, 7, 7]);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it('has a row for each kind of update, server and number of steps, over models, versions and batches', () => {
    const rows = rowsOf([
      compared(0.5),
      compared(0.001, { model: 'cnn-32-64', version: 4 }),
      compared(0.002, { batch: 32 }),
      compared(1, { steps: 100 }),
      compared(1, { server: 'relaxed' }),
    ]);
    expect(rows.map(({ units }) => units)).toEqual([3, 1, 1]);
    expect(rows[0]).toEqual({
      who: 'webgpu',
      server: 'strict',
      steps: 10,
      units: 3,
      least: 0.001,
      median: 0.002,
      most90: 0.5,
      most99: 0.5,
      most: 0.5,
      above: 1 / 3,
      leastCosine: 0.5,
      mostCosine: 0.999,
    });
  });

  it('says how far honest updates are, and how near attackers are', () => {
    const rows = rowsOf([compared(0.5), compared(0)]);
    expect(honestTable(rows).split('\n')[2]).toBe(
      '| webgpu | strict | 10 | 2 | 0 | 0.50 | 0.50 | 0.50 | 50.0% | 0.500 |',
    );
    expect(attackerTable(rows).split('\n')[2]).toBe('| webgpu | 10 | 2 | 0 | 0 | 0.50 | 1.000 |');
  });
});
