import { expect, it } from 'vitest';
import { BLOCK } from '../model/ranges.ts';
import { messageLimit } from './messageLimit.ts';

const room = 48 + 16 * 1024;

it('[PR6] a message may be as large as the frame of the largest slice, and 16 KiB', () => {
  const ranges = [
    { offset: 0, length: 1000 },
    { offset: 1000, length: 3000 },
  ];
  expect(messageLimit(ranges)).toBe(4 * 3000 + room);
});

it('[PR6] and never smaller than that of a block', () => {
  expect(messageLimit([])).toBe(4 * BLOCK + room);
  expect(messageLimit([{ offset: 0, length: 1 }])).toBe(4 * BLOCK + room);
});
