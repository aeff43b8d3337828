import type { ModelSpec } from '../../model/spec.ts';
import type { Code } from './encoding.ts';
import { f32, f32x4, i32, i32x4, v128 } from './instructions.ts';
import { FLOAT, VECTOR, type MemoryMap } from './memory.ts';
import { advance, times, type Local, type Locals } from './module.ts';

/** Pixels a SIMD step converts. */
const PIXELS = 8;

/** Reads one image of bytes and writes it into the model's image plane, (pixel / 255 - mean) / deviation. */
export function readImage(
  map: MemoryMap,
  normalise: ModelSpec['normalise'],
  source: Local,
  locals: Locals,
): Code {
  const { image } = map;
  const { height, width, channels } = image.shape;
  const scale = 1 / (255 * normalise.deviation);
  const shift = -normalise.mean / normalise.deviation;
  const from = locals.add('i32');
  const to = locals.add('i32');
  const bytes = locals.add('v128');
  const normalised = (words: Code) =>
    f32x4.add(f32x4.mul(f32x4.ofI32(words), v128.constantF32(scale)), v128.constantF32(shift));
  const eight = [
    bytes.set(v128.loadBytes(from.get)),
    v128.store(to.get, normalised(i32x4.lowOfU16(bytes.get))),
    v128.store(to.get, normalised(i32x4.highOfU16(bytes.get)), VECTOR),
    advance(from, PIXELS),
    advance(to, PIXELS * FLOAT),
  ];
  const one = [
    f32.store(
      to.get,
      f32.add(f32.mul(f32.ofI32(i32.loadByte(from.get)), f32.constant(scale)), f32.constant(shift)),
    ),
    advance(from, 1),
    advance(to, FLOAT),
  ];
  const stretch = (pixels: number) => [
    times(locals, Math.floor(pixels / PIXELS), eight),
    times(locals, pixels % PIXELS, one),
  ];
  const row = width * channels;
  return [
    from.set(source.get),
    to.set(i32.constant(image.origin)),
    // Without margins the rows are one stretch.
    image.rowStep === row
      ? stretch(height * row)
      : times(locals, height, [stretch(row), advance(to, (image.rowStep - row) * FLOAT)]),
  ];
}
