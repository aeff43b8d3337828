import { expect, it } from 'vitest';
import { cutKeyRanges } from '../../../shared/model/ranges.ts';
import { HeldLeases } from './heldLeases.ts';

/** @param length of the model, in one shard. */
function heldOf(length: number) {
  const dropped: number[] = [];
  const held = new HeldLeases<{ lease: number }>(cutKeyRanges(length, 1), (lease) => dropped.push(lease));
  return { held, dropped };
}

it('[AT13] holds the last 64 leases of a small model, and says which it drops', () => {
  const { held, dropped } = heldOf(1000);
  for (let lease = 1; lease <= 66; lease++) expect(held.add({ lease })).toBe(true);
  expect(dropped).toEqual([1, 2]);
  expect([held.get(2), held.get(3)]).toEqual([undefined, { lease: 3 }]);
});

it('[AT13] holds no more of a large model than a quarter of the room for evidence, and none of a very large one', () => {
  const million = heldOf(1_000_000);
  for (let lease = 1; lease <= 5; lease++) million.held.add({ lease });
  // Each takes 8 MB of 32 MiB.
  expect(million.dropped).toEqual([1]);
  const huge = heldOf(5_000_000);
  expect([huge.held.add({ lease: 1 }), huge.dropped]).toEqual([false, []]);
});
