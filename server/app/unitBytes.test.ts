import { expect, it } from 'vitest';
import { cutKeyRanges } from '../../shared/model/ranges.ts';
import { bytesOfUnit } from './unitBytes.ts';

it('[CD8] a unit is planned with the bytes of its codec up and of float32 down, in a frame a shard', () => {
  expect(bytesOfUnit(cutKeyRanges(1000, 1), 'float32')).toBe(48 + 4000 + 48 + 4000);
  expect(bytesOfUnit(cutKeyRanges(1000, 1), 'float16')).toBe(48 + 2000 + 48 + 4000);
  expect(bytesOfUnit(cutKeyRanges(1000, 4), 'float16')).toBe(4 * 48 + 2000 + 4 * 48 + 4000);
});
