import { describe, expect, it } from 'vitest';
import { uniform } from './methods.ts';
import type { PlanDevice } from './plan.ts';
import { NO_PLAN } from './planner.ts';
import { orDefaultUnits, isBetter } from './hysteresis.ts';
import { deviceOf, SHAPE } from './testing/devices.ts';

const fast = deviceOf('fast', 10_000, 0);
const slow = deviceOf('slow', 1000, 0);
/** Options in which each device has units of `samples`. */
const sized = (...sizes: [PlanDevice, number][]) =>
  sizes.flatMap(([device, samples]) => uniform([{ ...device, maxSamples: samples }], SHAPE));
const takes = (options: [PlanDevice, number][], inForce: [PlanDevice, number][], devices = [fast, slow]) =>
  isBetter(sized(...options), sized(...inForce), devices, SHAPE);

describe('a new plan replaces the one in force', () => {
  it('[PL35] where it is better by a tenth at the present pace, not for less', () => {
    const inForce: [PlanDevice, number][] = [
      [fast, 480],
      [slow, 60],
    ];
    expect(
      takes(
        [
          [fast, 480],
          [slow, 56],
        ],
        inForce,
      ),
    ).toBe(false);
    expect(
      takes(
        [
          [fast, 480],
          [slow, 48],
        ],
        inForce,
      ),
    ).toBe(true);
    const slower = { ...slow, time: { overheadMs: 0, msPerSample: 2 } };
    expect(
      takes(
        [
          [fast, 480],
          [slower, 24],
        ],
        [
          [fast, 480],
          [slow, 48],
        ],
        [fast, slower],
      ),
    ).toBe(true);
  });

  it('[PL12] where it has work for a device that had none', () => {
    expect(takes([[slow, 480]], [[fast, 480]])).toBe(true);
    expect(takes([[fast, 4]], [[fast, 480]])).toBe(false);
  });

  it('[PL12] where a unit of the old one takes too long by now', () => {
    const few = { ...fast, maxSamples: 100 };
    expect(takes([[few, 100]], [[fast, 480]], [few])).toBe(true);
    expect(takes([[few, 100]], [[fast, 100]], [few])).toBe(false);
    // A plan may not shorten what a constraint sets.
    expect(takes([[few, 100]], [[fast, 480]], [{ ...few, fixed: { batch: 4, steps: 120 } }])).toBe(false);
  });

  it('[PL36] the default units only where it is better by three tenths', () => {
    const planOf = (...sizes: [PlanDevice, number][]) => ({
      ...NO_PLAN,
      origin: 'sweep' as const,
      options: sized(...sizes),
    });
    const near = deviceOf('near', 8000, 0);
    expect(orDefaultUnits(planOf([fast, 480], [near, 384]), [fast, near], SHAPE)).toMatchObject({
      origin: 'uniform',
      options: [{ samples: 480 }, { samples: 480 }],
    });
    expect(orDefaultUnits(planOf([fast, 480], [slow, 48]), [fast, slow], SHAPE).origin).toBe('sweep');
  });
});
