import type { Code } from './encoding.ts';
import { call, f32, f32x4, f64, i32, i32x4, pick, v128 } from './instructions.ts';
import { FLOAT, LANES, VECTOR, type MemoryMap } from './memory.ts';
import { advance, times, type Local, type Locals } from './module.ts';

/**
 * What fills the logits up to whole vectors: its exponential is 0 and no real logit is smaller. Written once,
 * when the module is loaded.
 */
export const NO_LOGIT = -3e38;

/** Below this an exponential is not a normal float32 any more. */
const SMALLEST = -87;
/** log 2 in two parts, so that n log 2 is exact enough; the polynomial is that of expf in Cephes (Moshier). */
const LOG2_HIGH = 0.693359375;
const LOG2_LOW = -2.1219444e-4;
const EXP_TERMS = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5];
const EXPONENT_BIAS = 127;
const MANTISSA_BITS = 23;

/** e^x for x <= 0 in every lane, within 2 units in the last place; the same bits on every machine. */
function exponential(x: Local, whole: Local, power: Local): Code {
  const constant = v128.constantF32;
  const [first = 0, ...terms] = EXP_TERMS;
  const polynomial = terms.reduce<Code>(
    (sum, term) => f32x4.add(f32x4.mul(sum, x.get), constant(term)),
    constant(first),
  );
  const reduced = f32x4.sub(
    f32x4.sub(x.get, f32x4.mul(whole.get, constant(LOG2_HIGH))),
    f32x4.mul(whole.get, constant(LOG2_LOW)),
  );
  const bias = v128.constantI32(EXPONENT_BIAS, EXPONENT_BIAS, EXPONENT_BIAS, EXPONENT_BIAS);
  const scale = i32x4.shiftLeft(i32x4.add(i32x4.ofF32(whole.get), bias), MANTISSA_BITS);
  return [
    x.set(f32x4.max(x.get, constant(SMALLEST))),
    whole.set(f32x4.nearest(f32x4.mul(x.get, constant(Math.LOG2E)))),
    x.set(reduced),
    power.set(f32x4.add(f32x4.mul(polynomial, f32x4.mul(x.get, x.get)), f32x4.add(x.get, constant(1)))),
    x.set(f32x4.mul(power.get, scale)),
  ];
}

/** The largest logit, in `largest`. */
function largestLogit({ logits }: MemoryMap, locals: Locals, largest: Local): Code {
  const at = locals.add('i32');
  const vector = locals.add('v128');
  const lanes = [1, 2, 3].map((lane) => largest.set(f32.max(largest.get, f32x4.lane(vector.get, lane))));
  return [
    at.set(i32.constant(logits.address)),
    vector.set(v128.load(at.get)),
    times(locals, logits.length / LANES - 1, [
      advance(at, VECTOR),
      vector.set(f32x4.max(vector.get, v128.load(at.get))),
    ]),
    largest.set(f32x4.lane(vector.get, 0)),
    lanes,
  ];
}

/**
 * Softmax cross-entropy of the logits: leaves the loss on the stack as f64, and `scale` times the gradient where
 * the logits' gradient lies.
 * @param label the class that is right. @param log index of the imported natural logarithm.
 */
export function softmaxLoss(map: MemoryMap, log: number, label: Local, scale: Local, locals: Locals): Code {
  const { logits } = map;
  const offset = logits.gradientOffset ?? 0;
  const at = locals.add('i32');
  const largest = locals.add('f32');
  const [x, whole, power, sums, wide] = locals.several('v128', 5) as [Local, Local, Local, Local, Local];
  const sum = locals.add('f32');
  const labelAt = locals.add('i32');
  const vectors = logits.length / LANES;
  const lane = (index: number) => f32x4.lane(sums.get, index);
  const right = f32.load(labelAt.get, offset);
  return [
    largestLogit(map, locals, largest),
    sums.set(v128.constantF32(0)),
    at.set(i32.constant(logits.address)),
    times(locals, vectors, [
      x.set(f32x4.sub(v128.load(at.get), f32x4.splat(largest.get))),
      exponential(x, whole, power),
      sums.set(f32x4.add(sums.get, x.get)),
      v128.store(at.get, x.get, offset),
      advance(at, VECTOR),
    ]),
    sum.set(f32.add(f32.add(lane(0), lane(1)), f32.add(lane(2), lane(3)))),
    at.set(i32.constant(logits.address)),
    wide.set(f32x4.splat(f32.div(scale.get, sum.get))),
    times(locals, vectors, [
      v128.store(at.get, f32x4.mul(v128.load(at.get, offset), wide.get), offset),
      advance(at, VECTOR),
    ]),
    labelAt.set(i32.add(i32.constant(logits.address), i32.shiftLeft(label.get, i32.constant(2)))),
    f32.store(labelAt.get, f32.sub(right, scale.get), offset),
    // log(sum) + largest - logit of the label
    f64.sub(f64.add(call(log, f64.ofF32(sum.get)), f64.ofF32(largest.get)), f64.ofF32(f32.load(labelAt.get))),
  ];
}

/** Leaves 1 on the stack where the first of the largest logits is the label's, else 0. */
export function isRight(map: MemoryMap, label: Local, locals: Locals): Code {
  const { logits } = map;
  const at = locals.add('i32');
  const best = locals.add('i32');
  const index = locals.add('i32');
  const largest = locals.add('f32');
  const larger = locals.add('i32');
  return [
    at.set(i32.constant(logits.address)),
    largest.set(f32.load(at.get)),
    best.set(i32.constant(0)),
    index.set(i32.constant(0)),
    times(locals, logits.shape.channels - 1, [
      advance(at, FLOAT),
      advance(index, 1),
      larger.set(f32.greater(f32.load(at.get), largest.get)),
      largest.set(pick(f32.load(at.get), largest.get, larger.get)),
      best.set(pick(index.get, best.get, larger.get)),
    ]),
    i32.isZero(i32.sub(best.get, label.get)),
  ];
}
