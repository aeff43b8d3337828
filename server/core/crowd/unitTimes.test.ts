import { describe, expect, it } from 'vitest';
import { createGenerator } from '../../../shared/random/generator.ts';
import { UnitTimes } from './unitTimes.ts';

describe('the time of a unit', () => {
  it('[PL2] is not known before the first', () => {
    const times = new UnitTimes();
    expect([times.fit, times.expectedMs(10)]).toEqual([null, null]);
    expect(times.proven).toBe(false);
  });

  it('[PL2] is at least what a first unit took that was not submitted', () => {
    const times = new UnitTimes();
    times.late(10, 500);
    expect([times.proven, times.expectedMs(10)]).toEqual([false, 500]);
    times.late(10, 800);
    expect(times.expectedMs(10)).toBe(800);
  });

  it('[PL16] grows with the size as long as one size was seen', () => {
    const times = new UnitTimes();
    times.measured(100, 50);
    expect(times.fit).toEqual({ overheadMs: 0, msPerSample: 0.5 });
  });

  it.each([
    [5, 0.02],
    [100, 0.5],
    [0, 2],
  ])(
    '[PL16] is told apart into %d ms and %d ms a sample by units of different sizes',
    (overhead, perSample) => {
      const times = new UnitTimes();
      const generator = createGenerator(4);
      for (let unit = 0; unit < 200; unit++) {
        const samples = [120, 480, 960, 1900][unit % 4] ?? 0;
        const noise = 0.9 + 0.2 * (generator.below(1000) / 1000);
        times.measured(samples, (overhead + perSample * samples) * noise);
      }
      for (const samples of [200, 800]) {
        const right = overhead + perSample * samples;
        expect(Math.abs((times.expectedMs(samples) ?? 0) / right - 1)).toBeLessThan(0.25);
      }
    },
  );

  it('[PL2] follows a device that gets slower, by what came late too', () => {
    const times = new UnitTimes();
    for (let unit = 0; unit < 30; unit++) times.measured(480, 100);
    times.late(480, 400);
    expect(times.expectedMs(480)).toBe(200);
    for (let unit = 0; unit < 60; unit++) times.measured(480, 1000);
    expect(times.expectedMs(480)).toBeGreaterThan(900);
  });

  it('[PL18] is planned with after three units, of which the first is forgotten, or after one that was late', () => {
    const times = new UnitTimes();
    times.measured(100, 5000);
    times.measured(100, 50);
    expect([times.settled, times.expectedMs(100)]).toEqual([false, 50]);
    times.measured(100, 60);
    expect(times.settled).toBe(true);
    const slow = new UnitTimes();
    slow.late(100, 3000);
    expect(slow.settled).toBe(true);
    slow.measured(100, 4000);
    expect([slow.settled, slow.expectedMs(100)]).toEqual([true, 4000]);
    slow.forget();
    expect(slow.settled).toBe(false);
    slow.measured(100, 5000);
    expect(slow.settled).toBe(false);
    slow.late(100, 1600);
    expect([slow.settled, slow.expectedMs(100)]).toEqual([true, 5000]);
  });

  it('[PL2] takes two slow units in a row for a change, and one for a pause', () => {
    const times = new UnitTimes();
    for (let unit = 0; unit < 30; unit++) times.measured(480, 50);
    times.measured(480, 500);
    expect(times.expectedMs(480)).toBeLessThan(60);
    times.measured(480, 500);
    expect(times.expectedMs(480)).toBeGreaterThan(400);
  });

  it('[PL2] has a plan count on more of a device whose units vary, and on its mean of one whose do not', () => {
    const steady = new UnitTimes();
    const varying = new UnitTimes();
    for (let unit = 0; unit < 300; unit++) {
      steady.measured(480, 50);
      varying.measured(480, unit % 2 === 0 ? 40 : 60);
    }
    const counted = ({ upperEstimate }: UnitTimes) =>
      upperEstimate === null ? 0 : upperEstimate.overheadMs + 480 * upperEstimate.msPerSample;
    expect(counted(steady)).toBeCloseTo(50);
    expect(varying.expectedMs(480)).toBeCloseTo(50, -1);
    expect(counted(varying)).toBeGreaterThan(56);
    expect(counted(varying)).toBeLessThan(64);
    varying.forget();
    expect(varying.upperEstimate).toBeNull();
  });

  it('[PL2] starts again once it forgot', () => {
    const times = new UnitTimes();
    times.measured(120, 10);
    times.measured(480, 1000);
    times.forget();
    expect(times.fit).toBeNull();
    times.measured(100, 50);
    expect(times.fit).toEqual({ overheadMs: 0, msPerSample: 0.5 });
  });
});
