import type { Code } from './encoding.ts';
import { either, f32, f32x4, i32, v128 } from './instructions.ts';
import { LANES, VECTOR, type MemoryMap } from './memory.ts';
import { advance, times, type Local, type Locals } from './module.ts';

/**
 * One step of SGD with momentum over all parameters: v = momentum v + g; w -= lr v; g = 0. Rounded after each
 * operation. Without momentum the velocities are neither read nor written.
 */
export function updateParameters(map: MemoryMap, lr: Local, momentum: Local, locals: Locals): Code {
  const { parameters, gradientOffset, velocityOffset } = map;
  const at = locals.add('i32');
  const rate = locals.add('v128');
  const decay = locals.add('v128');
  const moved = locals.add('v128');
  const walk = (move: Code) => [
    at.set(i32.constant(parameters.address)),
    times(locals, parameters.length / LANES, [
      move,
      v128.store(at.get, f32x4.sub(v128.load(at.get), f32x4.mul(rate.get, moved.get))),
      v128.store(at.get, v128.constantF32(0), gradientOffset),
      advance(at, VECTOR),
    ]),
  ];
  const gradient = v128.load(at.get, gradientOffset);
  const velocity = f32x4.add(f32x4.mul(decay.get, v128.load(at.get, velocityOffset)), gradient);
  const plain = walk(moved.set(gradient));
  const heavy = walk([moved.set(velocity), v128.store(at.get, moved.get, velocityOffset)]);
  return [
    rate.set(f32x4.splat(lr.get)),
    decay.set(f32x4.splat(momentum.get)),
    either(f32.equal(momentum.get, f32.constant(0)), plain, heavy),
  ];
}
