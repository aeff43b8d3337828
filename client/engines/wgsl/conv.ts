import type { ConvStage } from '../../../shared/engine/stages.ts';
import { WGSL_ACTIVATIONS } from './activations.ts';
import { powerOfTwo, type Reduction } from './lanes.ts';
import type { DeviceStage, WgslMap } from './memory.ts';

/** Channels that one invocation computes: what it reads is read once for all of them. */
const BLOCK = 4;
/** Vector products of an unrolled loop body: their operands are loaded in parallel. */
const UNROLLED = 24;
/** Invocations that keep a GPU busy. */
const BUSY = 1 << 17;
/** Rows of a small batch: from these on, the parts of the batch alone give invocations. */
const SMALL_BATCH = 32;

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const four = (name: string) =>
  `vec4f(${range(BLOCK)
    .map((lane) => `${name} + ${lane}u]`)
    .join(', ')})`;
/** The largest divisor of a value that is at most `most`. */
const divisor = (value: number, most: number): number =>
  Math.max(...range(most).map((less) => (value % (less + 1) === 0 ? less + 1 : 1)));

/**
 * Convolution, bias, pooling and activation of one pooled pixel and a block of channels. All pixels of the pooling window
 * are computed together, so that a weight is read once for all of them.
 */
export function convForwardShader(
  { output: to, sources }: DeviceStage,
  stage: ConvStage,
  index: number,
  map: WgslMap,
): { body: string; perSample: number } {
  const { input, output, convolved, kernel, stride, padTop, padLeft, pool, weights, bias, activation } =
    stage;
  const channels = output.channels;
  const blocks = Math.ceil(channels / BLOCK);
  const pixels = output.height * output.width;
  const places = range(pool ** 2).map((place) => ({ place, dy: Math.floor(place / pool), dx: place % pool }));
  const inside =
    padTop === 0 &&
    padLeft === 0 &&
    (output.height * pool - 1) * stride + kernel <= input.height &&
    (output.width * pool - 1) * stride + kernel <= input.width;
  const step = divisor(input.channels, Math.max(1, Math.min(4, Math.floor(UNROLLED / places.length))));
  const across = places.length * step * kernel <= UNROLLED ? kernel : 1;
  const product = (kx: string, more: number) => {
    const add = ({ place, dy, dx }: (typeof places)[number]) => {
      const y = `(top + ${dy * stride} + ky)`;
      const x = `(left + ${dx * stride} + ${kx})`;
      const at = `begin + u32(${y} * ${input.width} + ${x}) * ${input.channels}u + channel + ${more}u`;
      const value = `input${index}(${at})`;
      if (inside) return `sum${place} += ${value} * weight;`;
      // A select, not a branch: some compilers take minutes for dozens of branches in a row.
      const reached = `(${y} >= 0) & (${y} < ${input.height}) & (${x} >= 0) & (${x} < ${input.width})`;
      return `sum${place} += select(0.0, ${value}, ${reached}) * weight;`;
    };
    const at = `${weights.offset}u + (u32(ky * ${kernel} + ${kx}) * ${input.channels}u + channel + ${more}u) * ${channels}u + c`;
    return `{
        let w = ${at};
        let weight = ${four('weights[w')};
        ${places.map(add).join('\n        ')}
      }`;
  };
  const products = (kx: string) => range(step).map((more) => product(kx, more));
  const row =
    across === 1
      ? `for (var kx = 0; kx < ${kernel}; kx++) { ${products('kx').join('\n')} }`
      : range(kernel)
          .flatMap((kx) => products(`${kx}`))
          .join('\n');
  const body = `
  let c = index % ${blocks}u * ${BLOCK}u;
  let pixel = index / ${blocks}u % ${pixels}u;
  let row = index / ${blocks * pixels}u;
  let oy = pixel / ${output.width}u * ${pool}u;
  let ox = pixel % ${output.width}u * ${pool}u;
  let top = i32(oy * ${stride}u) - ${padTop};
  let left = i32(ox * ${stride}u) - ${padLeft};
  let begin = begin${index}(row);
  let first = ${four(`weights[${bias.offset}u + c`)};
  ${places.map(({ place }) => `var sum${place} = first;`).join(' ')}
  for (var ky = 0; ky < ${kernel}; ky++) {
    for (var channel = 0u; channel < ${input.channels}u; channel += ${step}u) {
      ${row}
    }
  }
  var best = sum0;
  var source = vec4i(i32(oy * ${convolved.width}u + ox));
  ${places
    .slice(1)
    .map(
      ({ place, dy, dx }) => `{
    let larger = sum${place} > best;
    best = select(best, sum${place}, larger);
    source = select(source, vec4i(i32((oy + ${dy}u) * ${convolved.width}u + ox + ${dx}u)), larger);
  }`,
    )
    .join('\n  ')}
  ${WGSL_ACTIVATIONS[activation].onVectors}
  for (var lane = 0u; lane < ${BLOCK}u; lane++) {
    if (c + lane >= ${channels}u) { break; }
    let place = pixel * ${channels}u + c + lane;
    values[row * ${map.values}u + ${to}u + place] = best[lane];
    sources[row * ${map.sources}u + ${sources}u + place] = source[lane];
  }`;
  return { body, perSample: blocks * pixels };
}

/**
 * The gradient of one weight or bias over a part of the batch: only the outputs that pooling and activation let through
 * have an error, so the sum goes over pooled pixels. The fewer weights there are, the more lanes each sum has.
 */
export function convBackwardShader(
  { errors, sources }: DeviceStage,
  stage: ConvStage,
  index: number,
  map: WgslMap,
  group: number,
): Reduction {
  const { input, output, convolved, kernel, stride, padTop, padLeft, weights, bias } = stage;
  const channels = output.channels;
  const pixels = output.height * output.width;
  const count = weights.length + bias.length;
  const wanted = BUSY / (count * Math.min(map.splits, SMALL_BATCH));
  const lanes = powerOfTwo(Math.min(group, pixels / 4, wanted));
  const which = `
  let n = index % ${count}u;
  let split = index / ${count}u;
  let isBias = n >= ${weights.length}u;`;
  return {
    lanes,
    accumulate: `
  ${which}
  let out = n % ${channels}u;
  let channel = n / ${channels}u % ${input.channels}u;
  let kx = i32(n / ${channels * input.channels}u % ${kernel}u) - ${padLeft};
  let ky = i32(n / ${channels * input.channels * kernel}u) - ${padTop};
  for (var row = split; row < settings.rows; row += ${map.splits}u) {
    let begin = begin${index}(row);
    for (var pixel = lane; pixel < ${pixels}u; pixel += ${lanes}u) {
      let place = pixel * ${channels}u + out;
      let source = sources[row * ${map.sources}u + ${sources}u + place];
      let error = values[row * ${map.values}u + ${errors}u + place];
      if (source < 0) { continue; }
      if (isBias) { sum += error; continue; }
      let y = source / ${convolved.width} * ${stride} + ky;
      let x = source % ${convolved.width} * ${stride} + kx;
      if (y < 0 || y >= ${input.height} || x < 0 || x >= ${input.width}) { continue; }
      sum += error * input${index}(begin + u32(y * ${input.width} + x) * ${input.channels}u + channel);
    }
  }`,
    store: `
  ${which}
  let slot = select(${weights.offset}u + n, ${bias.offset}u + n - ${weights.length}u, isBias);
  partials[split * ${map.parameters}u + slot] = sum;`,
  };
}

/**
 * The errors of one input pixel, for a block of channels where the channels are whole blocks: a sum over the pooled
 * outputs that read this pixel.
 */
export function convInputErrorsShader(
  { errors, sources }: DeviceStage,
  stage: ConvStage,
  target: number,
  map: WgslMap,
): { body: string; perSample: number } {
  const { input, output, convolved, kernel, stride, padTop, padLeft, pool, weights } = stage;
  const channels = output.channels;
  const block = input.channels % BLOCK === 0 ? BLOCK : 1;
  const blocks = input.channels / block;
  const pixels = input.height * input.width;
  const step = divisor(channels, 4);
  const weight = range(block).map((lane) => `weights[w + ${lane * channels}u]`);
  const sum = block === 1 ? 'f32' : 'vec4f';
  const term = (more: number) => `
      let source${more} = sources[sourceAt + out + ${more}u];
      let error${more} = values[errorAt + out + ${more}u];
      let ky${more} = y - source${more} / ${convolved.width} * ${stride};
      let kx${more} = x - source${more} % ${convolved.width} * ${stride};
      if ((source${more} >= 0) & (ky${more} >= 0) & (ky${more} < ${kernel}) & (kx${more} >= 0) & (kx${more} < ${kernel})) {
        let w = ${weights.offset}u + (u32(ky${more} * ${kernel} + kx${more}) * ${input.channels}u + channel) * ${channels}u + out + ${more}u;
        sum += error${more} * ${sum}(${weight.join(', ')});
      }`;
  const body = `
  let channel = index % ${blocks}u * ${block}u;
  let pixel = index / ${blocks}u % ${pixels}u;
  let row = index / ${blocks * pixels}u;
  let x = i32(pixel % ${input.width}u) + ${padLeft};
  let y = i32(pixel / ${input.width}u) + ${padTop};
  // Of the convolution's rows and columns that read this pixel, the pooled ones they fall into.
  let top = max(0, y - ${kernel - 1} + ${stride - 1}) / ${stride} / ${pool};
  let left = max(0, x - ${kernel - 1} + ${stride - 1}) / ${stride} / ${pool};
  let bottom = min(${output.height - 1}, y / ${stride} / ${pool});
  let right = min(${output.width - 1}, x / ${stride} / ${pool});
  var sum = ${sum}(0.0);
  for (var oy = top; oy <= bottom; oy++) { for (var ox = left; ox <= right; ox++) {
    let place = u32(oy * ${output.width} + ox) * ${channels}u;
    let sourceAt = row * ${map.sources}u + ${sources}u + place;
    let errorAt = row * ${map.values}u + ${errors}u + place;
    for (var out = 0u; out < ${channels}u; out += ${step}u) {
      ${range(step).map(term).join('')}
    }
  } }
  let to = row * ${map.values}u + ${target}u + pixel * ${input.channels}u + channel;
  ${range(block)
    .map((lane) => `values[to + ${lane}u] = sum${block === 1 ? '' : `[${lane}]`};`)
    .join(' ')}`;
  return { body, perSample: blocks * pixels };
}
