import type { StageActivation } from '../stages.ts';
import type { Code } from './encoding.ts';
import { f32, f32x4, i32, pick, v128 } from './instructions.ts';
import type { Local } from './module.ts';

/** What the kernels do to the sums of a stage, and to the gradients that come back. */
interface WasmActivation {
  /** Of a vector of outputs: where one is stopped, its place becomes -1. `free` is a vector to use. */
  applyToVector(values: Local, places: Local, free: Local): Code;
  /** Of one output: where it is stopped, its place becomes -1. `free` is an i32 to use. */
  applyToOne(value: Local, place: Local, free: Local): Code;
  /** What one output becomes, where nothing is said of its place. */
  valueOf(sum: Local): Code;
  /** What a gradient becomes on its way through an output. */
  gradientOf(given: Code, output: Code): Code;
}

/* All are put so that a NaN passes: it is to be seen, not hidden. */
export const WASM_ACTIVATIONS: Record<StageActivation, WasmActivation> = {
  none: {
    applyToVector: () => [],
    applyToOne: () => [],
    valueOf: (sum) => sum.get,
    gradientOf: (given) => given,
  },
  relu: {
    applyToVector: (values, places, stopped) => [
      stopped.set(f32x4.lessOrEqual(values.get, v128.constantF32(0))),
      values.set(v128.andNot(values.get, stopped.get)),
      places.set(v128.or(places.get, stopped.get)),
    ],
    applyToOne: (value, place, passes) => [
      passes.set(f32.greater(value.get, f32.constant(0))),
      place.set(pick(place.get, i32.constant(-1), passes.get)),
      value.set(f32.max(value.get, f32.constant(0))),
    ],
    valueOf: (sum) => f32.max(sum.get, f32.constant(0)),
    gradientOf: (given, output) => pick(given, f32.constant(0), f32.greater(output, f32.constant(0))),
  },
};
