import { expect, it } from 'vitest';
import { Stopwatch } from './stopwatch.ts';
import { ratesTable } from './table.ts';

it('times updates after the warm-up, and from the first one on', () => {
  let at = 0;
  const watch = new Stopwatch({ warmUp: 100, updates: 200, now: () => at, threadMs: () => at / 2 });
  const read = (now: number, updates: number) => {
    at = now;
    return watch.read(updates);
  };
  expect([read(500, 0), read(1000, 10), read(3000, 110), read(4000, 300)]).toEqual([null, null, null, null]);
  expect(read(5000, 310)).toEqual({ updatesPerSecond: 100, threadMs: 5, fromTheStart: 75 });
});

it('says nothing of the thread where the machine does not', () => {
  let at = 0;
  const watch = new Stopwatch({ warmUp: 1, updates: 1, now: () => (at += 500), threadMs: () => null });
  watch.read(1);
  expect(watch.read(2)).toEqual({ updatesPerSecond: 2, threadMs: null, fromTheStart: 2 });
});

it('has a line for each mode: medians of both sides and of the ratios of the pairs', () => {
  const side = (
    name: 'with' | 'without',
    seed: number,
    updatesPerSecond: number,
    threadMs: number | null,
  ) => ({
    mode: 'sync' as const,
    side: name,
    seed,
    updatesPerSecond,
    threadMs,
    fromTheStart: updatesPerSecond / 2,
  });
  const table = ratesTable([
    side('with', 1, 90, 1.5),
    side('without', 1, 100, 1),
    side('without', 2, 200, 1),
    side('with', 2, 200, null),
  ]);
  expect(table.split('\n').slice(2)).toEqual([
    '| sync | 150 | 145 | 0.95 | 0.90, 1.00 | 0.95 | 1.00 | 1.50 |',
  ]);
});
