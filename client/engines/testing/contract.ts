import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataShard } from '../../../shared/dataset/dataShard.ts';
import { initialParameters } from '../../../shared/model/initialise.ts';
import { layoutOf } from '../../../shared/model/layout.ts';
import { outputsOf, type ModelSpec } from '../../../shared/model/spec.ts';
import { createGenerator } from '../../../shared/random/generator.ts';
import { thorough } from '../../../shared/testing/thorough.ts';
import { gatherBatch } from '../batch.ts';
import { unitOrder } from '../../../shared/engine/unit.ts';
import type { Engine, LocalTraining } from '../../../shared/engine/engine.ts';
import { checkEngine } from '../knownAnswer.ts';
import { referenceGradient, relativeError } from '../reference.ts';
import { CONTRACT_SPECS } from './specs.ts';

/** Norm of the difference over the norm, a tensor. */
const GRADIENT_TOLERANCE = 1e-4;
/** A delta is a small difference of rounded weights. */
const DELTA_TOLERANCE = 1e-3;
const LOSS_TOLERANCE = 1e-3;
const STEPS = thorough ? 100 : 25;
/** The first engine of a software renderer compiles for many seconds. */
const LOAD_WITHIN_MS = 60_000;

/** Images of noise with labels that can be learnt from them: each class has pixels of its own that are brighter. */
export function noiseShard(spec: ModelSpec, samples: number, seed: number): DataShard {
  const generator = createGenerator(seed);
  const classes = outputsOf(spec);
  const pixels = spec.input[0] * spec.input[1] * spec.input[2];
  const labels = Uint8Array.from({ length: samples }, () => generator.below(classes));
  const images = Uint8Array.from({ length: samples * pixels }, (_, index) => {
    const own = index % classes === labels[Math.floor(index / pixels)];
    return generator.below(own ? 256 : 128);
  });
  return { samples, shape: spec.input, images, labels };
}

/** Where the reference's own steps lead, in doubles. */
function referenceSteps(
  spec: ModelSpec,
  start: Float32Array,
  data: DataShard,
  order: Uint32Array,
  local: LocalTraining,
) {
  const weights = Float64Array.from(start);
  const velocity = new Float64Array(weights.length);
  for (let step = 0; step < order.length; step += local.batch) {
    const batch = gatherBatch(data, order.subarray(step, step + local.batch), spec.normalise);
    referenceGradient(spec, weights, batch).gradient.forEach((value, index) => {
      const moved = local.momentum * (velocity[index] ?? NaN) + value;
      velocity[index] = moved;
      weights[index] = (weights[index] ?? NaN) - local.lr * moved;
    });
  }
  return weights;
}

/**
 * What every engine keeps [EN3]: gradient, loss and local steps of the known answer in doubles, for all models.
 * @param long whether the engine is fast enough for many steps of each.
 */
export function engineContract(
  name: string,
  create: (spec: ModelSpec) => Promise<Engine>,
  { long, specs = CONTRACT_SPECS }: { long: boolean; specs?: ModelSpec[] },
): void {
  describe.each(specs.map((spec) => [spec.name, spec] as const))(`${name}, %s`, (_name, spec) => {
    const { tensors } = layoutOf(spec);
    const parameters = initialParameters(spec, 3);
    const shard = noiseShard(spec, 5, 5);
    const order = Uint32Array.of(3, 0);
    let engine: Engine;
    beforeAll(async () => {
      engine = await create(spec);
    }, LOAD_WITHIN_MS);
    afterAll(() => engine.dispose());
    const loaded = async (data = shard) => {
      await engine.hold(data);
      return engine;
    };

    it('[EN3] has the gradient and the loss of the known answer', async () => {
      const batch = gatherBatch(shard, order, spec.normalise);
      const expected = referenceGradient(spec, parameters, batch);
      const { gradient, loss } = await (await loaded()).gradient(parameters, order);
      expect(loss).toBeCloseTo(expected.loss, 4);
      expect(gradient).toHaveLength(parameters.length);
      for (const tensor of tensors) {
        expect(relativeError(tensor, gradient, expected.gradient), tensor.name).toBeLessThan(
          GRADIENT_TOLERANCE,
        );
      }
    });

    it('[EN3] gives the same answer again, whatever it computed in between', async () => {
      const trained = await loaded();
      const first = await trained.gradient(parameters, order);
      const kept = first.gradient.slice();
      await trained.train(parameters, Uint32Array.of(1, 4), { batch: 1, lr: 0.1, momentum: 0.5 });
      const second = await trained.gradient(parameters, order);
      expect(first.gradient).toEqual(kept);
      for (const tensor of tensors) {
        expect(relativeError(tensor, second.gradient, kept), tensor.name).toBeLessThan(1e-6);
      }
    });

    it('[EN3] takes local steps with momentum that begins at zero', async () => {
      const local = { batch: 2, lr: 0.05, momentum: 0.9 };
      const samples = Uint32Array.of(4, 1, 1, 2);
      const expected = referenceSteps(spec, parameters, shard, samples, local).map(
        (weight, index) => (parameters[index] ?? NaN) - weight,
      );
      // Twice: the second unit must not go on with the first one's momentum.
      for (let unit = 0; unit < 2; unit++) {
        const { delta } = await (await loaded()).train(parameters, samples, local);
        for (const tensor of tensors) {
          expect(relativeError(tensor, delta, expected), tensor.name).toBeLessThan(DELTA_TOLERANCE);
        }
      }
    });

    it('[EN3] refuses an order that is not whole batches', async () => {
      const local = { batch: 2, lr: 0.05, momentum: 0 };
      await expect((await loaded()).train(parameters, Uint32Array.of(0, 1, 2), local)).rejects.toThrow(
        RangeError,
      );
    });

    it.runIf(long)(`[EN3] has the loss of the known answer after ${STEPS} steps`, async () => {
      const data = noiseShard(spec, 20, 8);
      const trained = await loaded(data);
      const samples = unitOrder(21, 0, data.samples, STEPS);
      const local = { batch: 1, lr: 0.01, momentum: 0 };
      const { delta } = await trained.train(parameters, samples, local);
      const moved = parameters.map((value, index) => value - (delta[index] ?? NaN));
      const { loss } = await trained.evaluate(moved);
      const every = gatherBatch(data, unitOrder(1, 0, data.samples, data.samples), spec.normalise);
      const expected = referenceGradient(spec, referenceSteps(spec, parameters, data, samples, local), every);
      expect(Math.abs(loss - expected.loss)).toBeLessThan(LOSS_TOLERANCE);
    });

    it('[EN3] counts what is right among all samples held', async () => {
      const { correct, loss } = await (await loaded()).evaluate(parameters);
      const every = Uint32Array.from({ length: shard.samples }, (_, sample) => sample);
      const singles = [...every].map((sample) => {
        const batch = gatherBatch(shard, Uint32Array.of(sample), spec.normalise);
        return referenceGradient(spec, parameters, batch);
      });
      expect(loss).toBeCloseTo(singles.reduce((sum, { loss }) => sum + loss, 0) / every.length, 4);
      expect(correct).toBe(singles.filter((single) => single.right).length);
    });

    it('[EN11] refuses a label without an output and images of another shape, and keeps what it held', async () => {
      const outputs = outputsOf(spec);
      const kept = await (await loaded()).gradient(parameters, order);
      const labels = shard.labels.slice();
      labels[1] = outputs;
      await expect(engine.hold({ ...shard, labels })).rejects.toThrow(
        `The data does not fit the model: an image has the label ${outputs}, ${spec.name} has ${outputs} outputs.`,
      );
      const [height, width, channels] = spec.input;
      await expect(engine.hold({ ...shard, shape: [channels, height, width] })).rejects.toThrow(
        `images are ${channels} x ${height} x ${width}, ${spec.name} takes ${spec.input.join(' x ')}.`,
      );
      const after = await engine.gradient(parameters, order);
      for (const tensor of tensors) {
        expect(relativeError(tensor, after.gradient, kept.gradient), tensor.name).toBeLessThan(1e-6);
      }
    });

    it('[EN11] takes the last label that has an output', async () => {
      const labels = shard.labels.map(() => outputsOf(spec) - 1);
      const data = { ...shard, labels };
      const { gradient, loss } = await (await loaded(data)).gradient(parameters, order);
      const expected = referenceGradient(spec, parameters, gatherBatch(data, order, spec.normalise));
      expect(loss).toBeCloseTo(expected.loss, 4);
      for (const tensor of tensors) {
        expect(relativeError(tensor, gradient, expected.gradient), tensor.name).toBeLessThan(
          GRADIENT_TOLERANCE,
        );
      }
    });

    it('[EN4] gives the known answer', async () => {
      expect(await checkEngine(engine, spec)).toEqual({ verdict: 'right' });
    });
  });
}
