import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOptimizer, type OptimizerSettings, type OptimizerState } from './optimizer.ts';
import { noiseVector } from '../testing/plainModel.ts';

const LENGTH = 33;
const STEPS = 60;
const KINDS = ['sgd', 'momentum', 'adam'] as const;
const settingsOf = (kind: OptimizerSettings['kind']): OptimizerSettings => ({
  kind,
  lr: 0.01,
  momentum: 0.9,
});

/** The textbook definition of each optimizer for one parameter, in double precision. */
function defined({ kind, lr, momentum }: OptimizerSettings, start: number, gradients: number[]): number {
  let w = start;
  let velocity = 0;
  let m = 0;
  let v = 0;
  gradients.forEach((g, index) => {
    const t = index + 1;
    switch (kind) {
      case 'sgd':
        w -= lr * g;
        break;
      case 'momentum':
        velocity = momentum * velocity + g;
        w -= lr * velocity;
        break;
      case 'adam':
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        w -= (lr * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    }
  });
  return w;
}

const copyOf = ({ slots, scalars }: OptimizerState): OptimizerState => ({
  slots: Object.fromEntries(Object.entries(slots).map(([name, values]) => [name, values.slice()])),
  scalars: { ...scalars },
});

describe.each(KINDS)('%s', (kind) => {
  const settings = settingsOf(kind);

  it('[OP1] computes as its definition says', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1e-4, 1, 100), (seed, scale) => {
        const start = noiseVector(seed, LENGTH);
        const updates = Array.from({ length: STEPS }, (_, step) =>
          noiseVector(seed + step + 1, LENGTH).map((value) => scale * value),
        );
        const parameters = start.slice();
        const optimizer = createOptimizer(settings, LENGTH);
        for (const update of updates) optimizer.apply(parameters, update);
        start.forEach((value, index) => {
          const expected = defined(
            settings,
            value,
            updates.map((update) => update[index] ?? 0),
          );
          // Adam moves by its rate however small the gradient.
          const reach = kind === 'adam' ? STEPS * settings.lr : scale;
          const moved = Math.abs(expected - value) + Math.abs(value) + reach;
          expect(Math.abs((parameters[index] ?? 0) - expected)).toBeLessThan(1e-5 * moved);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('[OP3] goes on from a saved state as if it had never stopped, bit for bit', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (before, after) => {
        const whole = noiseVector(1, LENGTH);
        const halves = noiseVector(1, LENGTH);
        const optimizer = createOptimizer(settings, LENGTH);
        let resumed = createOptimizer(settings, LENGTH);
        for (let step = 0; step < before + after; step++) {
          if (step === before) resumed = createOptimizer(settings, LENGTH, copyOf(resumed.state));
          optimizer.apply(whole, noiseVector(step, LENGTH));
          resumed.apply(halves, noiseVector(step, LENGTH));
        }
        expect(halves).toEqual(whole);
        expect(resumed.state).toEqual(optimizer.state);
      }),
    );
  });

  it('[OP3] refuses a state that does not fit', () => {
    const { slots, scalars } = createOptimizer(settings, LENGTH).state;
    for (const name of Object.keys(slots)) {
      const others = { ...slots, [name]: new Float32Array(LENGTH - 1) };
      expect(() => createOptimizer(settings, LENGTH, { slots: others, scalars })).toThrow(RangeError);
    }
    for (const name of Object.keys(scalars)) {
      const others = Object.fromEntries(Object.entries(scalars).filter(([other]) => other !== name));
      expect(() => createOptimizer(settings, LENGTH, { slots, scalars: others })).toThrow(RangeError);
    }
  });
});

it('[OP1] a gradient of zero moves nothing under adam, and no step is beyond the rate by more than its bias', () => {
  const parameters = new Float32Array(2);
  createOptimizer(settingsOf('adam'), 2).apply(parameters, Float32Array.of(0, 1e-3));
  expect(parameters[0]).toBe(0);
  expect(parameters[1]).toBeCloseTo(-0.01, 5);
});
