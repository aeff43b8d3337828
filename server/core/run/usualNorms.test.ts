import { describe, expect, it } from 'vitest';
import { UsualNorms } from './usualNorms.ts';

const UNIT = { kind: 'delta', samples: 480 } as const;

/** What is usual after these norms, each of a device of its own. */
function after(norms: number[]): UsualNorms {
  const usual = new UsualNorms();
  norms.forEach((norm, device) => usual.learn({ ...UNIT, device: String(device), norm }));
  return usual;
}

describe('the usual norm', () => {
  it('[NB1] is the median over devices', () => {
    expect(after([1, 1.2, 9000]).of(UNIT)).toBe(1.2);
  });

  it('[NB1] is not moved by a device that sends more than others', () => {
    const usual = after([1, 1.2, 1.1]);
    for (let sent = 0; sent < 100; sent++) usual.learn({ ...UNIT, device: 'busy', norm: 1000 });
    expect(usual.of(UNIT)).toBe(1.1);
  });

  it('[NB1] follows what devices send last', () => {
    const usual = after([1, 1, 1]);
    for (const device of ['0', '1', '2']) usual.learn({ ...UNIT, device, norm: 0.1 });
    expect(usual.of(UNIT)).toBe(0.1);
  });

  it('[NB1] is of one kind: none is known of another', () => {
    expect(after([1, 1, 1]).of({ kind: 'gradient', samples: 480 })).toBeUndefined();
    expect(new UsualNorms().of(UNIT)).toBeUndefined();
  });

  it('[NB7] is what the server computed, by size, until three devices have said more', () => {
    const usual = new UsualNorms();
    usual.refer(UNIT, 2);
    expect(usual.of(UNIT)).toBe(2);
    expect(usual.of({ ...UNIT, samples: 960 })).toBe(4);
    expect(usual.of({ ...UNIT, kind: 'gradient' })).toBeUndefined();
    for (const device of ['a', 'b']) usual.learn({ ...UNIT, device, norm: 100 });
    expect(usual.of(UNIT)).toBe(2);
    usual.learn({ ...UNIT, device: 'c', norm: 1 });
    expect(usual.of(UNIT)).toBe(100);
  });

  it('[NB3] is not known of fewer than three devices', () => {
    const usual = after([1000, 1000]);
    expect(usual.of(UNIT)).toBeUndefined();
    usual.learn({ ...UNIT, device: 'third', norm: 5 });
    expect(usual.of(UNIT)).toBe(1000);
  });

  it.each([
    [960, 2],
    [240, 2],
    [480, 1],
    [600, 1.25],
  ])('[NB2] of %d samples is put at %d times that of the nearest size', (samples, factor) => {
    const usual = after([1, 1, 1]);
    for (const device of ['a', 'b', 'c']) usual.learn({ kind: 'delta', samples: 100_000, device, norm: 50 });
    expect(usual.of({ kind: 'delta', samples })).toBe(factor);
  });

  it('[NB1] remembers a bounded number of devices and sizes', () => {
    const usual = after(Array.from({ length: 64 }, () => 1));
    for (let device = 100; device < 164; device++) usual.learn({ ...UNIT, device: String(device), norm: 2 });
    expect(usual.of(UNIT)).toBe(2);
    for (let samples = 1; samples <= 64; samples++)
      for (const device of ['a', 'b', 'c']) usual.learn({ kind: 'delta', samples, device, norm: 7 });
    expect(usual.of(UNIT)).toBe((7 * 480) / 64);
  });
});
