import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it.each([
  [0, '0 tabs'],
  [1, '1 tab'],
  [2, '2 tabs'],
  [1234, '1,234 tabs'],
])('counts %i in words', (count, words) => {
  expect(counted(count, 'tab')).toBe(words);
});
