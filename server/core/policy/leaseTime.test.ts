import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownLeaseMs, roundLeaseMs } from './leaseTime.ts';

const LIMITS = { floorMs: 1000, capMs: 60_000 };
const members = (...unitMs: (number | null)[]) => unitMs.map((each) => ({ unitMs: each }));

describe('lease times', () => {
  it('[LS2] a device alone has four times what it usually takes, within the limits', () => {
    expect(ownLeaseMs(null, LIMITS)).toBe(60_000);
    expect(ownLeaseMs(10, LIMITS)).toBe(1000);
    expect(ownLeaseMs(5000, LIMITS)).toBe(20_000);
    expect(ownLeaseMs(1e9, LIMITS)).toBe(60_000);
    expect(ownLeaseMs(10, { floorMs: 1000, capMs: 500 })).toBe(500);
  });

  it('[PO4] a round has time for its slowest device, up to four times the median, times four', () => {
    expect(roundLeaseMs(members(1000, 1000, 2000), LIMITS)).toBe(8000);
    expect(roundLeaseMs(members(1000, 1000, 50_000), LIMITS)).toBe(16_000);
    expect(roundLeaseMs(members(1000, 50_000), LIMITS)).toBe(16_000);
    expect(roundLeaseMs(members(20_000), LIMITS)).toBe(60_000);
  });

  it('[PO11] a newcomer has three seconds, or all the time where nobody has been measured', () => {
    expect(roundLeaseMs(members(null, null), LIMITS)).toBe(60_000);
    expect(roundLeaseMs(members(100, null), LIMITS)).toBe(3000);
    expect(roundLeaseMs(members(5000, null), LIMITS)).toBe(20_000);
    expect(roundLeaseMs(members(100, null), { floorMs: 1000, capMs: 2000 })).toBe(2000);
  });

  it('[PO12] no device stretches a round beyond sixteen medians, nor beyond the longest lease', () => {
    const units = fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(units, (unitMs) => {
        const leaseMs = roundLeaseMs(members(...unitMs), LIMITS);
        const sorted = [...unitMs].sort((a, b) => a - b);
        const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
        expect(Number.isInteger(leaseMs)).toBe(true);
        expect(leaseMs).toBeLessThanOrEqual(LIMITS.capMs);
        expect(leaseMs).toBeGreaterThanOrEqual(LIMITS.floorMs);
        expect(leaseMs).toBeLessThanOrEqual(Math.max(LIMITS.floorMs, 16 * median));
      }),
    );
  });
});
