import type { Code } from './encoding.ts';
import { largestDivisor } from './blocks.ts';
import { clearMemory, f32, i32, pick, v128, when } from './instructions.ts';
import type { MulAdd } from './instructions.ts';
import { FLOAT, LANES, VECTOR, type MemoryMap, type PlacedConv } from './memory.ts';
import { advance, repeat, times, type Local, type Locals } from './module.ts';

/** Bytes of an entry: the address of a patch, and the gradient of the output it gave. */
const ENTRY = 8;
/** Vectors of a filter gradient that registers hold at a time. */
const MAX_SUMS = 7;
/** Vectors of a kernel row written out one after the other; beyond, a loop. */
const MAX_VECTORS = 40;

/**
 * The backward pass of a convolution, added to its gradients: for one output channel after the other, a list of
 * the outputs that pooling and ReLU let through, then filter and input gradient in one walk over the list.
 */
export function convBackward(stage: PlacedConv, map: MemoryMap, mulAdd: MulAdd, locals: Locals): Code {
  const { from, to, sources, output, kernel, paddedRow } = stage;
  const kernelAt = locals.add('i32');
  const biasAt = locals.add('i32');
  const count = locals.add('i32');
  const firstSource = locals.add('i32');
  const firstGradient = locals.add('i32');
  const inputGradient = from.gradientOffset;
  const walk =
    inputGradient === null
      ? filterGradient(stage, map, mulAdd, locals, kernelAt, count)
      : bothGradients(stage, map, mulAdd, locals, kernelAt, count, inputGradient);
  const channel = [
    listEntries(stage, map, locals, { firstSource, firstGradient, biasAt, count }),
    when(count.get, walk),
    advance(kernelAt, kernel * paddedRow * FLOAT),
    [biasAt, firstSource, firstGradient].map((pointer) => advance(pointer, FLOAT)),
  ];
  return [
    inputGradient === null ? [] : clearMemory(from.address + inputGradient, from.length * FLOAT),
    kernelAt.set(i32.constant(stage.byChannel)),
    biasAt.set(i32.constant(stage.biasAddress)),
    firstSource.set(i32.constant(sources.address)),
    firstGradient.set(i32.constant(to.origin + (to.gradientOffset ?? 0))),
    times(locals, output.channels, channel),
  ];
}

interface ListPointers {
  /** Of the channel's first output. */
  firstSource: Local;
  firstGradient: Local;
  biasAt: Local;
  /** Set to the number of entries. */
  count: Local;
}

/** Lists the outputs of one channel that were let through, without a branch, and adds up the bias gradient. */
function listEntries(stage: PlacedConv, map: MemoryMap, locals: Locals, pointers: ListPointers): Code {
  const { output, sources, to } = stage;
  const { firstSource, firstGradient, biasAt, count } = pointers;
  const [source, gradient, entry, patch] = locals.several('i32', 4) as [Local, Local, Local, Local];
  const value = locals.add('f32');
  const sum = locals.add('f32');
  const passed = i32.notNegative(patch.get);
  const one = [
    patch.set(i32.load(source.get)),
    value.set(f32.load(gradient.get)),
    i32.store(entry.get, patch.get),
    f32.store(entry.get, value.get, 4),
    entry.set(i32.add(entry.get, i32.shiftLeft(passed, i32.constant(3)))),
    sum.set(pick(f32.add(sum.get, value.get), sum.get, passed)),
    advance(source, sources.step * FLOAT),
    advance(gradient, to.step * FLOAT),
  ];
  const row = [
    times(locals, output.width, one),
    advance(gradient, (to.rowStep - output.width * to.step) * FLOAT),
  ];
  return [
    source.set(firstSource.get),
    gradient.set(firstGradient.get),
    entry.set(i32.constant(map.entries)),
    sum.set(f32.load(biasAt.get, map.gradientOffset)),
    times(locals, output.height, row),
    f32.store(biasAt.get, sum.get, map.gradientOffset),
    count.set(i32.shiftRightUnsigned(i32.sub(entry.get, i32.constant(map.entries)), i32.constant(3))),
  ];
}

/** The filter gradient alone, held in registers while the list is walked: the first layer's. */
function filterGradient(
  stage: PlacedConv,
  map: MemoryMap,
  mulAdd: MulAdd,
  locals: Locals,
  kernelAt: Local,
  count: Local,
): Code {
  const { kernel, paddedRow, from } = stage;
  const entry = locals.add('i32');
  const patch = locals.add('i32');
  const left = locals.add('i32');
  const value = locals.add('v128');
  const sums = locals.several('v128', MAX_SUMS);
  const rowVectors = paddedRow / LANES;
  const all = Array.from({ length: kernel * rowVectors }, (_, index) => ({
    weight: index * VECTOR,
    input: (Math.floor(index / rowVectors) * from.rowStep + (index % rowVectors) * LANES) * FLOAT,
  }));
  const size = Math.ceil(all.length / Math.ceil(all.length / MAX_SUMS));
  const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, chunk) =>
    all.slice(chunk * size, (chunk + 1) * size),
  );
  return chunks.map((vectors) => {
    const use = (write: (sum: Local, vector: { weight: number; input: number }) => Code): Code =>
      vectors.map((vector, index) => write(sums[index] as Local, vector));
    return [
      use((sum, { weight }) => sum.set(v128.load(kernelAt.get, map.gradientOffset + weight))),
      entry.set(i32.constant(map.entries)),
      repeat(left, count.get, [
        patch.set(i32.load(entry.get)),
        value.set(v128.loadSplat(entry.get, 4)),
        use((sum, { input }) => sum.set(mulAdd(value.get, v128.load(patch.get, input), sum.get))),
        advance(entry, ENTRY),
      ]),
      use((sum, { weight }) => v128.store(kernelAt.get, sum.get, map.gradientOffset + weight)),
    ];
  });
}

/** Filter and input gradient: for each entry, along the kernel's rows. */
function bothGradients(
  stage: PlacedConv,
  map: MemoryMap,
  mulAdd: MulAdd,
  locals: Locals,
  kernelAt: Local,
  count: Local,
  inputGradient: number,
): Code {
  const { kernel, paddedRow, from } = stage;
  const [entry, input, weight, left] = locals.several('i32', 4) as [Local, Local, Local, Local];
  const value = locals.add('v128');
  const rowVectors = paddedRow / LANES;
  const block = rowVectors <= MAX_VECTORS ? rowVectors : largestDivisor(rowVectors, MAX_VECTORS);
  const oneVector = (index: number): Code => {
    const at = index * VECTOR;
    const gradientAt = at + map.gradientOffset;
    const inputGradientAt = at + inputGradient;
    return [
      v128.store(
        weight.get,
        mulAdd(value.get, v128.load(input.get, at), v128.load(weight.get, gradientAt)),
        gradientAt,
      ),
      v128.store(
        input.get,
        mulAdd(value.get, v128.load(weight.get, at), v128.load(input.get, inputGradientAt)),
        inputGradientAt,
      ),
    ];
  };
  const oneBlock = [
    Array.from({ length: block }, (_, index) => oneVector(index)),
    advance(weight, block * VECTOR),
    advance(input, block * VECTOR),
  ];
  const oneRow = [
    times(locals, rowVectors / block, oneBlock),
    advance(input, (from.rowStep - paddedRow) * FLOAT),
  ];
  return [
    entry.set(i32.constant(map.entries)),
    repeat(left, count.get, [
      input.set(i32.load(entry.get)),
      value.set(v128.loadSplat(entry.get, 4)),
      weight.set(kernelAt.get),
      times(locals, kernel, oneRow),
      advance(entry, ENTRY),
    ]),
  ];
}
