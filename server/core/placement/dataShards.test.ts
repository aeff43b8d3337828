import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignDataShards, type DataShardHolder } from './dataShards.ts';

const shards = (count: number) => Array.from({ length: count }, (_, index) => index);
const anyHolders = fc
  .array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 90 })
  .map((weights) =>
    weights.map((weight, index): DataShardHolder => ({ device: `d${index}`, weight, had: [] })),
  );
const again = (holders: DataShardHolder[], given: Map<string, number[]>) =>
  holders.map((holder) => ({ ...holder, had: given.get(holder.device) ?? [] }));

describe('data shards', () => {
  it('[PL8] are all given out, once where there are enough of them, and no device has none', () => {
    fc.assert(
      fc.property(anyHolders, fc.integer({ min: 1, max: 60 }), (holders, count) => {
        const given = assignDataShards(shards(count), holders);
        const all = [...given.values()].flat();
        expect(new Set(all)).toEqual(new Set(shards(count)));
        expect(all).toHaveLength(Math.max(count, holders.length));
        expect([...given.values()].every(({ length }) => length > 0)).toBe(true);
      }),
    );
  });

  it('[PL8] go by weight', () => {
    const holders = [3, 2, 1].map((weight, index) => ({ device: `d${index}`, weight, had: [] }));
    expect([...assignDataShards(shards(60), holders).values()].map(({ length }) => length)).toEqual([
      30, 20, 10,
    ]);
    const idle = holders.map((holder) => ({ ...holder, weight: 0 }));
    expect([...assignDataShards(shards(6), idle).values()].map(({ length }) => length)).toEqual([2, 2, 2]);
  });

  it('[PL27] stay where they are when nothing changes', () => {
    fc.assert(
      fc.property(anyHolders, (holders) => {
        const given = assignDataShards(shards(60), holders);
        const next = assignDataShards(shards(60), again(holders, given));
        for (const { device } of holders)
          expect(new Set(next.get(device))).toEqual(new Set(given.get(device)));
      }),
    );
  });

  it('[PL27] devices that stay keep theirs when another leaves', () => {
    fc.assert(
      fc.property(anyHolders, fc.nat(), (holders, who) => {
        if (holders.length < 2 || holders.length > 60) return;
        const even = holders.map((holder) => ({ ...holder, weight: 1 }));
        const given = assignDataShards(shards(60), even);
        const left = again(even, given).filter((_, index) => index !== who % even.length);
        const next = assignDataShards(shards(60), left);
        for (const { device, had } of left)
          expect(next.get(device)).toEqual(expect.arrayContaining([...had]));
      }),
    );
  });

  it('[PL8] none are given where there are none', () => {
    expect(assignDataShards([], [{ device: 'd', weight: 1, had: [3] }])).toEqual(new Map([['d', []]]));
    expect(assignDataShards(shards(3), [])).toEqual(new Map());
  });
});
