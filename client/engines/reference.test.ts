import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../shared/model/initialise.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import { LAYER_KIND_NAMES, type ModelSpec } from '../../shared/model/spec.ts';
import { permutation } from '../../shared/random/generator.ts';
import { thorough } from '../../shared/testing/thorough.ts';
import { gatherBatch, type Batch } from './batch.ts';
import { referenceGradient } from './reference.ts';
import { noiseShard } from './testing/contract.ts';
import { CONTRACT_SPECS } from './testing/specs.ts';

/** Elements of each tensor that are checked. */
const SAMPLED = thorough ? 4 : 2;
const STEP = 1e-6;

/** The derivative of the loss by one parameter, by central differences. */
function finiteDifference(spec: ModelSpec, parameters: Float64Array, batch: Batch, index: number): number {
  const at = (change: number) =>
    referenceGradient(spec, parameters.with(index, (parameters[index] ?? NaN) + change), batch).loss;
  return (at(STEP) - at(-STEP)) / (2 * STEP);
}

it('the models of the contract have every kind of layer', () => {
  const kinds = new Set(CONTRACT_SPECS.flatMap(({ layers }) => layers.map(({ kind }) => kind)));
  expect([...kinds].toSorted()).toEqual(LAYER_KIND_NAMES.toSorted());
});

describe.each(CONTRACT_SPECS.map((spec) => [spec.name, spec] as const))(
  'the known answer, %s',
  (_name, spec) => {
    it('[EN14] is that of finite differences in every tensor', () => {
      const parameters = Float64Array.from(initialParameters(spec, 42));
      const batch = gatherBatch(noiseShard(spec, 2, 7), Uint32Array.of(1, 0), spec.normalise);
      const { gradient } = referenceGradient(spec, parameters, batch);
      layoutOf(spec).tensors.forEach(({ name, offset, length }, index) => {
        const sampled = [...permutation(index, length).subarray(0, SAMPLED)].map(
          (element) => offset + element,
        );
        const expected = sampled.map((element) => finiteDifference(spec, parameters, batch, element));
        const errors = sampled.map((element, place) => (gradient[element] ?? NaN) - (expected[place] ?? NaN));
        expect(Math.hypot(...errors), name).toBeLessThan(1e-6 + 1e-5 * Math.hypot(...expected));
      });
    });
  },
);
