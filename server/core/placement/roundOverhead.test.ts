import { expect, it } from 'vitest';
import { RoundOverhead } from './roundOverhead.ts';

it('[PL4] is what rounds take beyond their slowest unit on average, and follows what changes', () => {
  const overrun = new RoundOverhead();
  expect(overrun.ms).toBe(0);
  for (const elapsed of [50, 60, 70]) overrun.took(elapsed, 40);
  expect(overrun.ms).toBeCloseTo(20);
  for (let round = 0; round < 200; round++) overrun.took(45, 40);
  expect(overrun.ms).toBeCloseTo(5, 1);
});

it('[PL4] takes a pause for little, and no round for less than its slowest unit', () => {
  const overrun = new RoundOverhead();
  for (let round = 0; round < 100; round++) overrun.took(40, 40);
  overrun.took(60_000, 40);
  expect(overrun.ms).toBeLessThanOrEqual(4);
  const before = overrun.ms;
  overrun.took(10, 40);
  // As a round that took no longer than its slowest unit.
  expect(overrun.ms).toBeCloseTo(0.95 * before);
});
