import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Figures } from './figures.ts';
import type { WorkerToPage } from './messages.ts';

type Progress = Extract<WorkerToPage, { type: 'progress' }>;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function begun() {
  const told: Progress[] = [];
  const figures = new Figures(
    () => Date.now(),
    (progress) => told.push(progress),
  );
  return { figures, last: () => told.at(-1), told };
}

it('[PG1] shows a speed of 0 once work has stopped, without a further unit', () => {
  const { figures, last, told } = begun();
  for (let unit = 0; unit < 4; unit++) {
    figures.unit('APPLIED', 50);
    vi.advanceTimersByTime(500);
  }
  expect(last()?.samplesPerSecond).toBe(100);
  vi.advanceTimersByTime(10_000);
  expect(last()).toEqual({ type: 'progress', samplesPerSecond: 0, applied: 4, lost: 0, samples: 200 });
  const { length } = told;
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(length);
});

it('[PG2] counts an update that the server withdraws neither as applied nor as lost', () => {
  const { figures, last } = begun();
  figures.unit('WITHDRAWN', 50);
  expect(last()).toMatchObject({ applied: 0, lost: 0, samples: 0 });
});

it.each([
  ['STALE', 50],
  ['EXPIRED', 50],
  // The unit could not be done on the device.
  ['WITHDRAWN', 0],
] as const)('counts %s of %i samples as lost', (outcome, samples) => {
  const { figures, last } = begun();
  figures.unit(outcome, samples);
  expect(last()).toMatchObject({ applied: 0, lost: 1, samples: 0 });
});
