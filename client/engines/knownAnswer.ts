import type { UpdateKind } from '../../shared/protocol/messages.ts';
import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import { outputsOf, type ModelSpec } from '../../shared/model/spec.ts';
import { createGenerator } from '../../shared/random/generator.ts';
import { gatherBatch } from './batch.ts';
import type { Engine } from '../../shared/engine/engine.ts';
import { referenceGradient, relativeError } from './reference.ts';

/** Whether an engine gave the known answer, and where not. */
export type Verdict = { verdict: 'right' } | { verdict: 'wrong'; reason: string };

/**
 * How far a tensor may be off: the norm of the difference over the norm. WebAssembly rounds as the reference's
 * float32 would, a few ulps a sum; GPUs may flush denormals, fuse and reorder; WebGL on phones has less than 24
 * bits of mantissa in places. A sign, an index or a layer gone wrong is off by far more than any of them.
 */
const TOLERANCE: Record<Engine['name'], number> = {
  wasm: 1e-5,
  webgpu: 1e-3,
  'tfjs-webgpu': 1e-3,
  'tfjs-webgl': 1e-2,
  'tfjs-cpu': 1e-4,
  scripted: 1e-4,
};

const SEED = 20_260_401;
/** Few: the reference is slow, and every kernel has work with two. */
const SAMPLES = 2;
const LOCAL = { batch: 1, lr: 0.05, momentum: 0.9 };

/**
 * Gives an engine a fixed batch whose gradient is known, and two local steps with momentum: nothing that it
 * computes counts before both are right [EN4].
 * @throws {Error} where the engine fails to compute at all.
 */
export async function checkEngine(engine: Engine, spec: ModelSpec): Promise<Verdict> {
  const known = knownOf(spec);
  const { shard, parameters, order } = known;
  await engine.hold(shard);
  const { gradient, loss } = await engine.gradient(parameters, order);
  const wrong =
    mismatch(spec, engine, 'gradient', gradient, known.gradient) ?? lossMismatch(engine, loss, known.loss);
  if (wrong !== null) return wrong;
  const { delta } = await engine.train(parameters, order, LOCAL);
  return mismatch(spec, engine, 'delta', delta, known.delta) ?? { verdict: 'right' };
}

interface KnownAnswer {
  shard: DataShard;
  parameters: Float32Array;
  order: Uint32Array;
  gradient: Float64Array;
  /** Of the same batch as the gradient. */
  loss: number;
  delta: Float64Array;
}

/** Seconds of work for a large model: computed once, whatever the number of engines and workers that are tried. */
const answers = new WeakMap<ModelSpec, KnownAnswer>();

function knownOf(spec: ModelSpec): KnownAnswer {
  const answer = answers.get(spec) ?? computeAnswer(spec);
  answers.set(spec, answer);
  return answer;
}

function computeAnswer(spec: ModelSpec): KnownAnswer {
  const shard = knownShard(spec);
  const parameters = initialParameters(spec, SEED);
  const order = Uint32Array.from({ length: SAMPLES }, (_, sample) => SAMPLES - 1 - sample);
  const answerOf = (weights: Float32Array | Float64Array, samples: Uint32Array) =>
    referenceGradient(spec, weights, gatherBatch(shard, samples, spec.normalise));
  const weights = Float64Array.from(parameters);
  const velocity = new Float64Array(weights.length);
  for (const sample of order) {
    answerOf(weights, Uint32Array.of(sample)).gradient.forEach((value, index) => {
      const moved = LOCAL.momentum * (velocity[index] ?? 0) + value;
      velocity[index] = moved;
      weights[index] = (weights[index] ?? 0) - LOCAL.lr * moved;
    });
  }
  const delta = weights.map((weight, index) => (parameters[index] ?? 0) - weight);
  const { gradient, loss } = answerOf(parameters, order);
  return { shard, parameters, order, gradient, loss, delta };
}

/** A delta is the small difference of two weights that were rounded: it may be off by more than a gradient. */
const DELTA_SLACK = 10;
/**
 * Of the norm of a whole gradient, or of the weights: where the terms of a tensor cancel out, what is left is as
 * small as their rounding, and being off by that is no mistake.
 */
const ROUNDING = 2 ** -22;

/** What an update is allowed beyond its engine's tolerance: a delta is taken off the weights, whose rounding it has. */
const SLACKS: Record<UpdateKind, { slack: number; normOfStart: (spec: ModelSpec) => number }> = {
  gradient: { slack: 1, normOfStart: () => 0 },
  delta: { slack: DELTA_SLACK, normOfStart: (spec) => normOf(initialParameters(spec, SEED)) },
};

function mismatch(
  spec: ModelSpec,
  engine: Engine,
  what: UpdateKind,
  values: Float32Array,
  expected: Float64Array,
): Verdict | null {
  const { slack, normOfStart } = SLACKS[what];
  const tolerance = TOLERANCE[engine.name] * slack;
  const whole = normOf(expected) + normOfStart(spec);
  for (const tensor of layoutOf(spec).tensors) {
    const error = relativeError(tensor, values, expected);
    const end = tensor.offset + tensor.length;
    const difference = normOf(
      expected
        .subarray(tensor.offset, end)
        .map((value, index) => value - (values[tensor.offset + index] ?? NaN)),
    );
    // Put so that an error that is no number is wrong.
    if (!(error <= tolerance || difference <= ROUNDING * whole)) {
      return { verdict: 'wrong', reason: `${what} of ${tensor.name} is off by ${error.toPrecision(2)}` };
    }
  }
  return null;
}

function lossMismatch(engine: Engine, loss: number, expected: number): Verdict | null {
  const error = Math.abs(loss - expected) / Math.max(1, expected);
  // Put so that a loss that is no number is wrong.
  if (error <= TOLERANCE[engine.name]) return null;
  return { verdict: 'wrong', reason: `loss is off by ${error.toPrecision(2)}` };
}

function normOf(values: ArrayLike<number>): number {
  let squares = 0;
  for (let index = 0; index < values.length; index++) squares += (values[index] ?? NaN) ** 2;
  return Math.sqrt(squares);
}

/**
 * Images of noise: every pixel and every kernel position counts. One has the last label that there is, beside
 * which kernels have padding.
 */
function knownShard(spec: ModelSpec): DataShard {
  const generator = createGenerator(SEED);
  const outputs = outputsOf(spec);
  const pixels = spec.input[0] * spec.input[1] * spec.input[2];
  return {
    samples: SAMPLES,
    shape: spec.input,
    images: Uint8Array.from({ length: SAMPLES * pixels }, () => generator.below(256)),
    labels: Uint8Array.of(outputs - 1, generator.below(outputs)),
  };
}
