import { describe, expect, it } from 'vitest';
import { UNKNOWN_CONDITIONS, type CapabilityProfile } from '../../../shared/profile/profile.ts';
import { BATCH } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';

/** The figures of a device that says this of itself, at once and after units of `unitMs` each. */
function figuresOf(profile: Partial<CapabilityProfile>, { unitMs = 100, workers = 1 } = {}) {
  const world = new World();
  world.coordinator.start();
  world.readyDevices(1, { profile, unitMs, workers });
  const figures = () => world.crowd.records()[0]?.figures ?? expect.fail('nobody joined');
  const atFirst = figures();
  world.pass(10 * unitMs);
  return { atFirst, later: figures() };
}

const UNKNOWN = { value: null, source: 'unknown' };
const trial = { detail: '', software: false, verdict: 'right' as const, reason: '' };

describe('the figures of a device', () => {
  it('[AD5] are unknown where it says nothing and nothing was measured', () => {
    const { atFirst } = figuresOf({});
    expect(atFirst).toEqual({
      cores: { value: 1, source: 'reported' },
      memoryGiB: UNKNOWN,
      battery: UNKNOWN,
      samplesPerSecond: UNKNOWN,
      roundTripMs: UNKNOWN,
      downlink: UNKNOWN,
      engines: [],
    });
  });

  it('[AD5] are reported where they are what it says of itself', () => {
    const battery = { level: 0.4, charging: false };
    const conditions = { ...UNKNOWN_CONDITIONS, battery, roundTripMs: 12.5, downlink: 2e6 };
    const { later } = figuresOf({ cores: 8, memoryGiB: 16, conditions });
    expect(later).toMatchObject({
      cores: { value: 8, source: 'reported' },
      memoryGiB: { value: 16, source: 'reported' },
      battery: { value: 0.4, source: 'reported' },
      roundTripMs: { value: 12.5, source: 'reported' },
      downlink: { value: 2e6, source: 'reported' },
    });
  });

  it('[AD11] tell its pace as the server measured it, of all its workers, and whatever it says', () => {
    const said = (name: 'wasm' | 'scripted') => ({ ...trial, name, samplesPerSecond: 1e6 });
    const trials = [said('wasm'), said('scripted')];
    const { atFirst, later } = figuresOf({ trials }, { unitMs: 200, workers: 2 });
    const reported = { value: 1e6, source: 'reported' };
    expect(atFirst.samplesPerSecond).toEqual(UNKNOWN);
    expect(atFirst.engines).toEqual([
      { engine: 'wasm', samplesPerSecond: reported },
      { engine: 'scripted', samplesPerSecond: reported },
    ]);
    const pace = (1000 * BATCH) / 200;
    expect(later.samplesPerSecond).toEqual({ value: 2 * pace, source: 'measured' });
    expect(later.engines).toEqual([
      { engine: 'wasm', samplesPerSecond: reported },
      { engine: 'scripted', samplesPerSecond: { value: pace, source: 'measured' } },
    ]);
  });
});
