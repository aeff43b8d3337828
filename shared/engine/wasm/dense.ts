import { WASM_ACTIVATIONS } from './activations.ts';
import type { Code } from './encoding.ts';
import { clearMemory, f32, f32x4, i32, v128, type MulAdd } from './instructions.ts';
import { FLOAT, LANES, VECTOR, type MemoryMap, type PlacedDense } from './memory.ts';
import { advance, times, type Local, type Locals } from './module.ts';

/** Outputs whose sums registers hold at a time. */
const MAX_OUTPUTS = 6;
/** Outputs whose gradients and weights one walk over the input takes along. */
const MAX_GRADIENTS = 5;

/** Cuts the outputs into blocks of equal size and at most one smaller one. */
function blocksOf(outputs: number, most: number): { size: number; count: number }[] {
  const size = Math.ceil(outputs / Math.ceil(outputs / most));
  const count = Math.floor(outputs / size);
  const rest = outputs - size * count;
  return [{ size, count }, ...(rest > 0 ? [{ size: rest, count: 1 }] : [])];
}

/** The forward pass of a dense layer with bias and activation: one dot product an output. */
export function denseForward(stage: PlacedDense, mulAdd: MulAdd, locals: Locals): Code {
  const { from, to, byOutput, biasAddress, output } = stage;
  const activation = WASM_ACTIVATIONS[stage.activation];
  const [input, weight, bias, result] = locals.several('i32', 4) as [Local, Local, Local, Local];
  const value = locals.add('v128');
  const sums = locals.several('v128', Math.min(MAX_OUTPUTS, output.channels));
  const rowBytes = from.length * FLOAT;
  const total = locals.add('f32');
  const finish = (sum: Local, index: number): Code => {
    const lanes = [0, 1, 2, 3].map((lane) => f32x4.lane(sum.get, lane)) as [Code, Code, Code, Code];
    const added = f32.add(f32.add(lanes[0], lanes[1]), f32.add(lanes[2], lanes[3]));
    return [
      total.set(f32.add(added, f32.load(bias.get, index * FLOAT))),
      f32.store(result.get, activation.valueOf(total), index * FLOAT),
    ];
  };
  const block = (size: number) => {
    const used = sums.slice(0, size);
    return [
      input.set(i32.constant(from.address)),
      used.map((sum) => sum.set(v128.constantF32(0))),
      times(locals, from.length / LANES, [
        value.set(v128.load(input.get)),
        used.map((sum, index) =>
          sum.set(mulAdd(value.get, v128.load(weight.get, index * rowBytes), sum.get)),
        ),
        advance(input, VECTOR),
        advance(weight, VECTOR),
      ]),
      used.map(finish),
      advance(weight, (size - 1) * rowBytes),
      [bias, result].map((pointer) => advance(pointer, size * FLOAT)),
    ];
  };
  return [
    weight.set(i32.constant(byOutput)),
    bias.set(i32.constant(biasAddress)),
    result.set(i32.constant(to.address)),
    blocksOf(output.channels, MAX_OUTPUTS).map(({ size, count }) => times(locals, count, block(size))),
  ];
}

/** The backward pass of a dense layer: adds to its gradients, and leaves the input's gradient where it has one. */
export function denseBackward(stage: PlacedDense, map: MemoryMap, mulAdd: MulAdd, locals: Locals): Code {
  const { from, to, byOutput, biasAddress, output } = stage;
  const activation = WASM_ACTIVATIONS[stage.activation];
  const [input, weight, bias, result] = locals.several('i32', 4) as [Local, Local, Local, Local];
  const gradient = locals.add('f32');
  const gradients = locals.several('v128', Math.min(MAX_GRADIENTS, output.channels));
  const value = locals.add('v128');
  const inputGradient = locals.add('v128');
  const rowBytes = from.length * FLOAT;
  const resultGradient = to.gradientOffset ?? 0;
  const begin = (wide: Local, index: number): Code => {
    const at = index * FLOAT;
    const given = f32.load(result.get, at + resultGradient);
    return [
      gradient.set(activation.gradientOf(given, f32.load(result.get, at))),
      wide.set(f32x4.splat(gradient.get)),
      f32.store(
        bias.get,
        f32.add(f32.load(bias.get, at + map.gradientOffset), gradient.get),
        at + map.gradientOffset,
      ),
    ];
  };
  const block = (size: number): Code => {
    const used = gradients.slice(0, size);
    const each = used.map((wide, index) => {
      const at = index * rowBytes;
      const gradientAt = at + map.gradientOffset;
      return [
        v128.store(weight.get, mulAdd(wide.get, value.get, v128.load(weight.get, gradientAt)), gradientAt),
        from.gradientOffset === null
          ? []
          : inputGradient.set(mulAdd(wide.get, v128.load(weight.get, at), inputGradient.get)),
      ];
    });
    const at = from.gradientOffset ?? 0;
    return [
      used.map(begin),
      input.set(i32.constant(from.address)),
      times(locals, from.length / LANES, [
        value.set(v128.load(input.get)),
        from.gradientOffset === null ? [] : inputGradient.set(v128.load(input.get, at)),
        each,
        from.gradientOffset === null ? [] : v128.store(input.get, inputGradient.get, at),
        advance(input, VECTOR),
        advance(weight, VECTOR),
      ]),
      advance(weight, (size - 1) * rowBytes),
      [bias, result].map((pointer) => advance(pointer, size * FLOAT)),
    ];
  };
  return [
    from.gradientOffset === null ? [] : clearMemory(from.address + from.gradientOffset, from.length * FLOAT),
    weight.set(i32.constant(byOutput)),
    bias.set(i32.constant(biasAddress)),
    result.set(i32.constant(to.address)),
    blocksOf(output.channels, MAX_GRADIENTS).map(({ size, count }) => times(locals, count, block(size))),
  ];
}
