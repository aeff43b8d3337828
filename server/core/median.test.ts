import { expect, it } from 'vitest';
import { lowerMedian } from './median.ts';

it('the lower median is the middle value, or the lower of the two in the middle', () => {
  expect(lowerMedian([10, 9, 100])).toBe(10);
  expect(lowerMedian([4, 1, 3, 100])).toBe(3);
  expect(lowerMedian([])).toBeUndefined();
});
