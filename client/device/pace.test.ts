import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pace } from './pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('shows the first value at once, then the newest of each interval, and the last in any case', () => {
  const shown: number[] = [];
  const pace = new Pace<number>(250, (value) => shown.push(value));
  for (let value = 1; value <= 60; value++) {
    pace.offer(value);
    vi.advanceTimersByTime(10);
  }
  expect(shown).toEqual([1, 25, 50]);
  vi.advanceTimersByTime(250);
  expect(shown).toEqual([1, 25, 50, 60]);
  vi.advanceTimersByTime(1000);
  pace.offer(61);
  expect(shown).toEqual([1, 25, 50, 60, 61]);
});
