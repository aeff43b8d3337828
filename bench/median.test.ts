import { expect, it } from 'vitest';
import { median } from './median.ts';

it('is the middle value, whatever the order and however many digits', () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([7])).toBe(7);
});

it('is the mean of the two middle values of an even number of them', () => {
  expect(median([4, 1, 3, 100])).toBe(3.5);
});

it('leaves the values in their order, and has none of nothing', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
  expect(() => median([])).toThrow(RangeError);
});
