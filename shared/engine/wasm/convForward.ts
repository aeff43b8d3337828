import { WASM_ACTIVATIONS } from './activations.ts';
import type { Code } from './encoding.ts';
import { equalRuns, largestDivisor } from './blocks.ts';
import { f32x4, i32, i32x4, v128, type MulAdd } from './instructions.ts';
import { FLOAT, LANES, VECTOR, type PlacedConv } from './memory.ts';
import { advance, apart, times, type Local, type Locals } from './module.ts';

/** SIMD registers of x64 that V8 hands out. */
const REGISTERS = 15;
/** Pixels whose sums registers hold, by vectors of output channels a group. */
const MAX_PIXELS = [1, 6, 4];

/** A line of at most this many taps is written out, stretch after stretch; a loop would cost more than it. */
const MAX_STRETCHES = 7;

/**
 * Taps written out one after the other. V8 loads all operands of a stretch without branches before it computes
 * with any of them, so that more than the registers hold would go over the stack: hence short stretches in loops.
 */
function tapsAtATime(pixels: number, vectors: number, taps: number): number {
  const fitting = Math.floor((REGISTERS - 1 - pixels * vectors) / (pixels + vectors));
  return largestDivisor(taps, Math.max(1, fitting));
}

/** A pixel of the convolution's output, counted from the first of its window. */
interface Pixel {
  row: number;
  column: number;
}

/** The variables of one group of output channels. */
interface Group {
  locals: Locals;
  vectors: number;
  /** Of the group's first weight, bias, output and source. */
  pointers: { weights: Local; bias: Local; output: Local; sources: Local };
  /** Of the window at work: its first patch, its output and source. */
  patch: Local;
  output: Local;
  source: Local;
  /** Of the tap at work: its input and weight. */
  tap: Local;
  weight: Local;
  value: Local;
  weightVectors: Local[];
  /** By pixel, then vector. */
  sums: Local[][];
  largest: Local[];
  places: Local[];
}

/**
 * The forward pass of a convolution with bias, pooling and ReLU. Of each pooling window the largest value is
 * stored, and the address of the patch that gave it, -1 where ReLU lets nothing pass; outputs that the pool drops
 * are not computed. Ties go to the first in row order.
 */
export function convForward(stage: PlacedConv, mulAdd: MulAdd, locals: Locals): Code {
  const [weights, bias, output, sources] = [0, 1, 2, 3].map(() => locals.add('i32')) as [
    Local,
    Local,
    Local,
    Local,
  ];
  const kernelBytes = stage.kernel ** 2 * stage.input.channels * FLOAT;
  let before = 0;
  return equalRuns(stage.groups).map(({ value: channels, count }) => {
    const group = newGroup(locals, channels / LANES, { weights, bias, output, sources });
    const begin = [
      weights.set(i32.constant(stage.byGroup + before * kernelBytes)),
      bias.set(i32.constant(stage.biasAddress + before * FLOAT)),
      output.set(i32.constant(stage.to.origin + before * FLOAT)),
      sources.set(i32.constant(stage.sources.address + before * FLOAT)),
    ];
    before += channels * count;
    const next = [
      advance(weights, channels * kernelBytes),
      [bias, output, sources].map((pointer) => advance(pointer, channels * FLOAT)),
    ];
    return [begin, times(locals, count, [allWindows(stage, group, mulAdd), next])];
  });
}

function newGroup(locals: Locals, vectors: number, pointers: Group['pointers']): Group {
  const [patch, output, source, tap, weight] = locals.several('i32', 5) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  return {
    locals,
    vectors,
    pointers,
    patch,
    output,
    source,
    tap,
    weight,
    value: locals.add('v128'),
    weightVectors: locals.several('v128', vectors),
    sums: Array.from({ length: MAX_PIXELS[vectors] ?? 1 }, () => locals.several('v128', vectors)),
    largest: locals.several('v128', vectors),
    places: locals.several('v128', vectors),
  };
}

/** Walks the windows row by row; where there is no pooling, several pixels of a row at a time. */
function allWindows(stage: PlacedConv, group: Group, mulAdd: MulAdd): Code {
  const { pool, stride, from, to, output: shape } = stage;
  const { locals, patch, output, source, pointers } = group;
  const side = pool === 1 ? Math.min(group.sums.length, shape.width) : 1;
  const rest = shape.width % side;
  const row = [
    times(locals, Math.floor(shape.width / side), windows(stage, group, mulAdd, side)),
    rest === 0 ? [] : windows(stage, group, mulAdd, rest),
    advance(patch, (from.rowStep - shape.width * from.step) * pool * stride * FLOAT),
    advance(output, (to.rowStep - shape.width * to.step) * FLOAT),
  ];
  return [
    patch.set(i32.constant(from.address)),
    output.set(pointers.output.get),
    source.set(pointers.sources.get),
    times(locals, shape.height, row),
  ];
}

/** `side` windows beside each other, and on to the next. */
function windows(stage: PlacedConv, group: Group, mulAdd: MulAdd, side: number): Code {
  const { pool, stride, from, to, sources } = stage;
  const single = (index: number): Pixel => ({ row: 0, column: index });
  const body =
    pool === 1
      ? [
          convolve(
            stage,
            group,
            mulAdd,
            Array.from({ length: side }, (_, index) => single(index)),
          ),
          Array.from({ length: side }, (_, index) => [
            take(stage, group, index, single(index), true),
            storeWindow(stage, group, index),
          ]),
        ]
      : [
          chunksOf(pool, group.sums.length).map((pixels, chunk) => [
            convolve(stage, group, mulAdd, pixels),
            pixels.map((pixel, index) => take(stage, group, index, pixel, chunk === 0 && index === 0)),
          ]),
          storeWindow(stage, group, 0),
        ];
  return [
    body,
    advance(group.patch, side * pool * stride * from.step * FLOAT),
    advance(group.output, side * to.step * FLOAT),
    advance(group.source, side * sources.step * FLOAT),
  ];
}

/** The pixels of a pooling window in row order, as many at a time as registers hold. */
function chunksOf(pool: number, most: number): Pixel[][] {
  const pixels = Array.from({ length: pool * pool }, (_, index) => ({
    row: Math.floor(index / pool),
    column: index % pool,
  }));
  const size = Math.ceil(pixels.length / Math.ceil(pixels.length / most));
  return Array.from({ length: Math.ceil(pixels.length / size) }, (_, chunk) =>
    pixels.slice(chunk * size, (chunk + 1) * size),
  );
}

/** Leaves bias + sum over the taps of each pixel in the sums. */
function convolve(stage: PlacedConv, group: Group, mulAdd: MulAdd, pixels: Pixel[]): Code {
  const { kernel, input, from, row } = stage;
  const { channels } = input;
  const { locals, pointers, patch, tap, weight, vectors } = group;
  const begin = [
    pixels.map((_, pixel) =>
      each(group.sums[pixel], (sum, vector) => sum.set(v128.load(pointers.bias.get, vector * VECTOR))),
    ),
    tap.set(patch.get),
    weight.set(pointers.weights.get),
  ];
  // The taps of a kernel row lie together, but for channels that are there only to fill a vector.
  const together = from.step === channels ? kernel * channels : channels;
  const stretch = tapsAtATime(pixels.length, vectors, together);
  const count = together <= MAX_STRETCHES ? together : stretch;
  const stretches = Array.from({ length: count / stretch }, (_, index) =>
    taps(stage, group, mulAdd, pixels, index * stretch, stretch),
  );
  const some = [
    apart(stretches, i32.isNegative(tap.get)),
    advance(tap, count * FLOAT),
    advance(weight, count * vectors * VECTOR),
  ];
  const line = [times(locals, together / count, some), advance(tap, (from.step - channels) * FLOAT)];
  const oneRow = [
    times(locals, (kernel * channels) / together, line),
    advance(tap, (from.rowStep - row) * FLOAT),
  ];
  return [begin, times(locals, kernel, oneRow)];
}

/** Adds `count` taps from the `first` beyond the pointers. */
function taps(
  stage: PlacedConv,
  group: Group,
  mulAdd: MulAdd,
  pixels: Pixel[],
  first: number,
  count: number,
): Code {
  const { stride, from } = stage;
  const { tap, weight, value, vectors } = group;
  return Array.from({ length: count }, (_, place) => first + place).map((index) => [
    each(group.weightVectors, (vector, place) =>
      vector.set(v128.load(weight.get, (index * vectors + place) * VECTOR)),
    ),
    pixels.map(({ row, column }, pixel) => [
      value.set(
        v128.loadSplat(tap.get, ((row * from.rowStep + column * from.step) * stride + index) * FLOAT),
      ),
      each(group.sums[pixel], (sum, vector) =>
        sum.set(mulAdd(value.get, group.weightVectors[vector]?.get ?? [], sum.get)),
      ),
    ]),
  ]);
}

/** Takes a pixel's sums into the window's largest, where they are larger or the first. */
function take(stage: PlacedConv, group: Group, pixel: number, { row, column }: Pixel, first: boolean): Code {
  const { stride, from } = stage;
  const distance = (row * from.rowStep + column * from.step) * stride * FLOAT;
  const place = v128.constantI32(distance, distance, distance, distance);
  return each(group.sums[pixel], (sum, vector) => {
    const largest = group.largest[vector];
    const places = group.places[vector];
    if (largest === undefined || places === undefined) return [];
    if (first) return [largest.set(sum.get), places.set(place)];
    const larger = f32x4.greater(sum.get, largest.get);
    return [
      places.set(v128.select(place, places.get, larger)),
      largest.set(v128.select(sum.get, largest.get, larger)),
    ];
  });
}

/** Stores the window's largest values and their patches, and lets through only what the activation does. */
function storeWindow({ activation, to, sources }: PlacedConv, group: Group, window: number): Code {
  const { output, source, patch } = group;
  return each(group.largest, (largest, vector) => {
    const places = group.places[vector];
    if (places === undefined) return [];
    return [
      places.set(i32x4.add(places.get, i32x4.splat(patch.get))),
      WASM_ACTIVATIONS[activation].applyToVector(largest, places, group.value),
      v128.store(output.get, largest.get, window * to.step * FLOAT + vector * VECTOR),
      v128.store(source.get, places.get, window * sources.step * FLOAT + vector * VECTOR),
    ];
  });
}

function each(locals: Local[] | undefined, write: (local: Local, index: number) => Code): Code {
  return (locals ?? []).map(write);
}
