import { expect, it } from 'vitest';
import { describeStop, STOP_REASON_NAMES } from './runState.ts';

it('has words of its own for every reason to stop', () => {
  const words = [null, ...STOP_REASON_NAMES].map(describeStop);
  expect(new Set(words).size).toBe(STOP_REASON_NAMES.length + 1);
});
