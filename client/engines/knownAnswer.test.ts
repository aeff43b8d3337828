import { describe, expect, it } from 'vitest';
import { parseModelSpec, type Layer } from '../../shared/model/spec.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { checkEngine } from './knownAnswer.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';

const dense = (units: number): Layer[] => [{ kind: 'dense', units }, { kind: 'relu' }];

function flatModel(layers: Layer[]) {
  return parseModelSpec({
    name: 'flat',
    input: [6, 6, 1],
    normalise: { mean: 0.2, deviation: 0.4 },
    layers: [{ kind: 'flatten' }, ...layers],
    loss: 'softmax-cross-entropy',
    initialiser: 'pytorch',
  });
}

/** Twelve layers, the last gradients of which are next to nothing. */
const deep = flatModel([...Array.from({ length: 12 }, () => dense(12)).flat(), ...dense(3)]);

describe('the known answer', () => {
  it('[EN4] takes a right engine for right where what it rounds off is all there is', async () => {
    expect(await checkEngine(await createWasmEngine(deep), deep)).toEqual({ verdict: 'right' });
  });

  it.each([
    ['gradient', 1 + 1e-3],
    ['gradient', NaN],
    ['delta', 1.05],
    ['delta', -1],
    ['loss', 1.5],
    ['loss', NaN],
  ] as const)('[EN4] finds out a %s that is off by the factor %d', async (what, factor) => {
    const spec = flatModel([...dense(7), ...dense(2)]);
    const right = await createWasmEngine(spec);
    const scaled = (values: Float32Array) =>
      values.map((value, index) => (index === 3 ? factor * value : value));
    const wrong: Engine = {
      name: 'wasm',
      detail: 'off',
      software: false,
      hold: (shard) => right.hold(shard),
      evaluate: (parameters) => right.evaluate(parameters),
      dispose: () => right.dispose(),
      async gradient(parameters, order) {
        const result = await right.gradient(parameters, order);
        if (what === 'gradient') return { ...result, gradient: scaled(result.gradient) };
        return what === 'loss' ? { ...result, loss: factor * result.loss } : result;
      },
      async train(parameters, order, local) {
        const result = await right.train(parameters, order, local);
        return what === 'delta' ? { ...result, delta: scaled(result.delta) } : result;
      },
    };
    const verdict = await checkEngine(wrong, spec);
    expect(verdict).toMatchObject({ verdict: 'wrong', reason: expect.stringContaining(what) as string });
  });

  it.each([1, 2, 3, 5, 10])(
    '[EN16] finds out an engine of %i outputs that reads beside the last one',
    async (outputs) => {
      const spec = flatModel(dense(outputs));
      const right = await createWasmEngine(spec);
      let labels = new Uint8Array(0);
      const beside: Engine = {
        name: 'wasm',
        detail: 'off by one lane',
        software: false,
        hold: (shard) => {
          labels = shard.labels.slice();
          return right.hold(shard);
        },
        evaluate: (parameters) => right.evaluate(parameters),
        train: (parameters, order, local) => right.train(parameters, order, local),
        dispose: () => right.dispose(),
        // The logit behind the last is padding, which is next to the lowest number that there is.
        async gradient(parameters, order) {
          const result = await right.gradient(parameters, order);
          const lost = order.some((sample) => labels[sample] === outputs - 1);
          return lost ? { ...result, loss: 3e38 / order.length } : result;
        },
      };
      expect(await checkEngine(beside, spec)).toMatchObject({
        verdict: 'wrong',
        reason: expect.stringContaining('loss') as string,
      });
    },
  );
});
