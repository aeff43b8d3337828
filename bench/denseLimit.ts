import { f32x4, i32, mulThenAdd, v128 } from '../shared/engine/wasm/instructions.ts';
import { VECTOR } from '../shared/engine/wasm/memory.ts';
import { advance, ModuleBuilder, repeat, type Local } from '../shared/engine/wasm/module.ts';
import { stagesOf } from '../shared/engine/stages.ts';
import type { ModelSpec } from '../shared/model/spec.ts';

/*
 * What one core could do at most if it did all of a model's arithmetic, dropped outputs and zeros included, and
 * nothing else: an engine that skips work may be beyond it.
 */

/** Sums that registers hold: enough that no addition waits for the one before. */
const SUMS = 8;
/** Vectors that are read over and over; they stay in the first cache. */
const VECTORS = 64;
const ROUNDS = 20_000;
const WINDOWS = 9;
/** A multiplication and an addition in each lane. */
const OPERATIONS_A_VECTOR = 8;

/** Floating-point operations a second of one core in 128-bit WebAssembly without relaxed SIMD: the best window. */
export function peakOperations(): number {
  const module = new ModuleBuilder(1);
  const work = module.add({ parameters: ['i32'], result: 'i32' }, (locals, rounds) => {
    const sums = locals.several('v128', SUMS);
    const weights = locals.several('v128', 4);
    const value = locals.add('v128');
    const address = locals.add('i32');
    const left = locals.add('i32');
    const one = sums.map((sum, index) =>
      sum.set(mulThenAdd(value.get, (weights[index % weights.length] as Local).get, sum.get)),
    );
    const total = sums.reduce((all, { get }) => f32x4.add(all, get), v128.constantF32(0));
    return [
      repeat(rounds, rounds.get, [
        address.set(i32.constant(0)),
        repeat(left, i32.constant(VECTORS), [
          value.set(v128.load(address.get)),
          one,
          advance(address, VECTOR),
        ]),
      ]),
      v128.store(i32.constant(0), total),
      i32.load(i32.constant(0)),
    ];
  });
  module.export('work', work);
  const host = { memory: new WebAssembly.Memory({ initial: 1 }) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.build()), { host });
  const run = exports['work'] as (rounds: number) => number;
  const rates = Array.from({ length: WINDOWS }, () => {
    const begun = performance.now();
    run(ROUNDS);
    return (1000 * ROUNDS * VECTORS * SUMS * OPERATIONS_A_VECTOR) / (performance.now() - begun);
  });
  return Math.max(...rates);
}

/** Multiplications and additions of forward and backward of one sample; the first layer has no input gradient. */
export function operationsASample(spec: ModelSpec): number {
  return stagesOf(spec).reduce((sum, stage, index) => {
    if (stage.op === 'pool') return sum;
    const outputs = stage.op === 'conv' ? stage.convolved : stage.output;
    const inputs =
      stage.op === 'conv'
        ? stage.kernel ** 2 * stage.input.channels
        : stage.weights.length / stage.output.channels;
    const forward = 2 * outputs.height * outputs.width * outputs.channels * inputs;
    return sum + forward * (index === 0 ? 2 : 3);
  }, 0);
}
