import { expect, it } from 'vitest';
import { printable } from './printable.ts';

it('leaves printable ASCII as it is, up to the limit', () => {
  const all = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
  expect(printable(all)).toBe(all);
  expect(printable('abcd', 4)).toBe('abcd');
  expect(printable('abcde', 4)).toBe('abcd...');
});

it('replaces what would move a terminal or turn a line round', () => {
  expect(printable('\u001b[2J\u0007\n\u007f\u009b\u202e')).toBe('?[2J?????');
});
