import { describe, expect, it } from 'vitest';
import type { Engine } from '../../shared/engine/engine.ts';
import { timeEngine } from './calibration.ts';

/** An engine whose steps take so long on a clock of its own, the first one three times that. */
function timed(stepMs: number) {
  let now = 0;
  let steps = 0;
  const engine: Engine = {
    name: 'wasm',
    detail: 'timed',
    software: false,
    hold: () => Promise.resolve(),
    gradient: () => Promise.reject(new Error('not asked for')),
    evaluate: () => Promise.reject(new Error('not asked for')),
    dispose: () => undefined,
    train(_parameters, order, { batch }) {
      const taken = order.length / batch;
      now += stepMs * (steps === 0 ? taken + 2 : taken);
      steps += taken;
      return Promise.resolve({ delta: new Float32Array(1), loss: 0 });
    },
  };
  return { engine, now: () => now };
}

const work = (steps: number) => ({
  parameters: new Float32Array(1),
  data: {
    samples: 1,
    shape: [1, 1, 1] as [number, number, number],
    images: new Uint8Array(1),
    labels: new Uint8Array(1),
  },
  order: new Uint32Array(steps * 4),
  local: { batch: 4, lr: 0.1, momentum: 0 },
});

describe('calibration', () => {
  it.each([
    ['a short unit of a fast engine', 1, 5],
    ['a long unit of a fast engine', 1, 10_000],
    ['a long unit of an engine that takes a while over a step', 40, 10_000],
    ['a unit of one step', 40, 1],
    ['an engine that takes seconds over a step', 5000, 100],
  ])('[EN5] stops %s for no longer than a moment, or one step', async (_name, stepMs, steps) => {
    const { engine, now } = timed(stepMs);
    const rate = await timeEngine(engine, work(steps), now);
    const first = 3 * stepMs;
    expect(now()).toBeLessThanOrEqual(first + Math.max(250, stepMs));
    // Of an engine that does no second step in time, the first, which is slower, is what there is.
    expect(rate).toBeCloseTo(first > 250 ? 4000 / first : 4000 / stepMs, 6);
  });
});
