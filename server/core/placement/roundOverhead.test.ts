import { expect, it } from 'vitest';
import { RoundOverhead } from './roundOverhead.ts';

it('[PL4] is what rounds take beyond their slowest unit on average, and follows what changes', () => {
  const overhead = new RoundOverhead();
  expect(overhead.ms).toBe(0);
  for (const elapsed of [50, 60, 70]) overhead.took(elapsed, 40);
  expect(overhead.ms).toBeCloseTo(20);
  for (let round = 0; round < 200; round++) overhead.took(45, 40);
  expect(overhead.ms).toBeCloseTo(5, 1);
});

it('[PL4] counts a pause for little, and no round for less than its slowest unit', () => {
  const overhead = new RoundOverhead();
  for (let round = 0; round < 100; round++) overhead.took(40, 40);
  overhead.took(60_000, 40);
  expect(overhead.ms).toBeLessThanOrEqual(4);
  const before = overhead.ms;
  overhead.took(10, 40);
  // As a round that took no longer than its slowest unit.
  expect(overhead.ms).toBeCloseTo(0.95 * before);
});
