import { WASM_ACTIVATIONS } from './activations.ts';
import type { Code } from './encoding.ts';
import { clearMemory, f32, i32, pick, when } from './instructions.ts';
import { FLOAT, type PlacedPool } from './memory.ts';
import { advance, times, type Local, type Locals } from './module.ts';

/*
 * Pooling or ReLU that no convolution goes before: one value at a time, since it is rare and its input may have
 * any number of channels.
 */

/** Walks outputs and the first value of each window in step; `body` is done for each channel. */
function walk(
  { pool, from, to, sources, output }: PlacedPool,
  locals: Locals,
  at: Pointers,
  body: Code,
): Code {
  const { channels, width, height } = output;
  const pixel = [
    times(locals, channels, [
      body,
      [at.input, at.output, at.source].map((pointer) => advance(pointer, FLOAT)),
    ]),
    advance(at.input, (pool * from.step - channels) * FLOAT),
    advance(at.output, (to.step - channels) * FLOAT),
    advance(at.source, (sources.step - channels) * FLOAT),
  ];
  const row = [
    times(locals, width, pixel),
    advance(at.input, pool * (from.rowStep - width * from.step) * FLOAT),
    advance(at.output, (to.rowStep - width * to.step) * FLOAT),
  ];
  return [
    at.input.set(i32.constant(from.origin)),
    at.output.set(i32.constant(to.origin)),
    at.source.set(i32.constant(sources.address)),
    times(locals, height, row),
  ];
}

interface Pointers {
  input: Local;
  output: Local;
  source: Local;
}

const pointers = (locals: Locals): Pointers => ({
  input: locals.add('i32'),
  output: locals.add('i32'),
  source: locals.add('i32'),
});

/** Stores the largest value of each window and its address, -1 where the activation lets nothing pass. */
export function poolForward(stage: PlacedPool, locals: Locals): Code {
  const { pool, from, activation } = stage;
  const at = pointers(locals);
  const largest = locals.add('f32');
  const value = locals.add('f32');
  const place = locals.add('i32');
  const larger = locals.add('i32');
  const others = Array.from({ length: pool * pool - 1 }, (_, index) => {
    const row = Math.floor((index + 1) / pool);
    const column = (index + 1) % pool;
    const distance = (row * from.rowStep + column * from.step) * FLOAT;
    return [
      value.set(f32.load(at.input.get, distance)),
      larger.set(f32.greater(value.get, largest.get)),
      largest.set(pick(value.get, largest.get, larger.get)),
      place.set(pick(i32.add(at.input.get, i32.constant(distance)), place.get, larger.get)),
    ];
  });
  const body = [
    largest.set(f32.load(at.input.get)),
    place.set(at.input.get),
    others,
    WASM_ACTIVATIONS[activation].applyToOne(largest, place, larger),
    f32.store(at.output.get, largest.get),
    i32.store(at.source.get, place.get),
  ];
  return walk(stage, locals, at, body);
}

/** Adds each output's gradient to that of the value it came from. */
export function poolBackward(stage: PlacedPool, locals: Locals): Code {
  const { from, to } = stage;
  if (from.gradientOffset === null || to.gradientOffset === null) return [];
  const at = pointers(locals);
  const place = locals.add('i32');
  const offset = from.gradientOffset;
  const moved = f32.add(f32.load(place.get, offset), f32.load(at.output.get, to.gradientOffset));
  const body = [
    place.set(i32.load(at.source.get)),
    when(i32.notNegative(place.get), f32.store(place.get, moved, offset)),
  ];
  return [clearMemory(from.address + offset, from.length * FLOAT), walk(stage, locals, at, body)];
}
