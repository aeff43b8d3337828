import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatPercent,
  formatRate,
  formatShort,
} from './format.ts';

describe('format', () => {
  it('groups counts', () => {
    expect(formatCount(0)).toBe('0');
    expect(formatCount(1234567)).toBe('1,234,567');
  });

  it('keeps one decimal of a slow rate', () => {
    expect([0, 0.04, 3.14159, 9.94, 9.96, 1194.6, NaN].map(formatRate)).toEqual([
      '0',
      '0.0',
      '3.1',
      '9.9',
      '10',
      '1,195',
      '–',
    ]);
  });

  it('rounds a percentage down and never up to a target', () => {
    expect(formatPercent(0.94999, 1)).toBe('94.9%');
    expect(formatPercent(0.95, 1)).toBe('95.0%');
    expect(formatPercent(0.29)).toBe('29.00%');
    expect(formatPercent(0.99999, 2)).toBe('99.99%');
    expect(formatPercent(1)).toBe('100.00%');
    expect(formatPercent(null)).toBe('–');
  });

  it('writes every share of 10,000 images exactly', () => {
    for (let right = 0; right <= 10_000; right++) {
      expect(formatPercent(right / 10_000)).toBe(`${(right / 100).toFixed(2)}%`);
    }
  });

  it('writes losses', () => {
    expect(formatLoss(0.123456)).toBe('0.1235');
    expect(formatLoss(1234.5)).toBe('1234.5');
    expect(formatLoss(null)).toBe('–');
    expect(formatLoss(Infinity)).toBe('–');
  });

  it('writes durations in two units at most', () => {
    expect([0, 59.9, 60, 185, 3600, 7625].map(formatDuration)).toEqual([
      '0 s',
      '59 s',
      '1 min 00 s',
      '3 min 05 s',
      '1 h 00 min',
      '2 h 07 min',
    ]);
  });

  it('writes bytes in decimal units', () => {
    expect([0, 999, 1000, 1234, 999_400, 999_600, 34_000_000].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 kB',
      '999 kB',
      '1.0 MB',
      '34 MB',
    ]);
  });

  it('shortens axis values', () => {
    expect([0, 0.5, 950, 12000, 1500000, 2e9].map(formatShort)).toEqual([
      '0',
      '0.5',
      '950',
      '12k',
      '1.5M',
      '2G',
    ]);
  });
});
