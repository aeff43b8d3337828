import type { ConvStage } from '../../../shared/engine/stages.ts';
import { WGSL_ACTIVATIONS } from './activations.ts';
import type { DeviceStage, WgslMap } from './memory.ts';

/** Output channels that one invocation computes: each input value is read once for all of them. */
const BLOCK = 4;

/** Convolution, bias, pooling and activation of one pooled pixel and a block of channels. */
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
  const four = (name: string) => `vec4f(${[0, 1, 2, 3].map((lane) => `${name} + ${lane}u]`).join(', ')})`;
  const body = `
  let c = index % ${blocks}u * ${BLOCK}u;
  let pixel = index / ${blocks}u % ${pixels}u;
  let row = index / ${blocks * pixels}u;
  var best = vec4f(0.0);
  var source = vec4i(-1);
  for (var dy = 0u; dy < ${pool}u; dy++) { for (var dx = 0u; dx < ${pool}u; dx++) {
    let oy = pixel / ${output.width}u * ${pool}u + dy;
    let ox = pixel % ${output.width}u * ${pool}u + dx;
    var sum = ${four(`weights[${bias.offset}u + c`)};
    for (var ky = 0u; ky < ${kernel}u; ky++) {
      let y = i32(oy * ${stride}u + ky) - ${padTop};
      if (y < 0 || y >= ${input.height}) { continue; }
      for (var kx = 0u; kx < ${kernel}u; kx++) {
        let x = i32(ox * ${stride}u + kx) - ${padLeft};
        if (x < 0 || x >= ${input.width}) { continue; }
        let pixelAt = u32(y * ${input.width} + x) * ${input.channels}u;
        for (var channel = 0u; channel < ${input.channels}u; channel++) {
          let w = ${weights.offset}u + ((ky * ${kernel}u + kx) * ${input.channels}u + channel) * ${channels}u + c;
          sum += input${index}(row, pixelAt + channel) * ${four('weights[w')};
        }
      }
    }
    let larger = (sum > best) | vec4<bool>(dx + dy == 0u);
    best = select(best, sum, larger);
    source = select(source, vec4i(i32(oy * ${convolved.width}u + ox)), larger);
  } }
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
 * have an error, so the sum goes over pooled pixels.
 */
export function convBackwardShader(
  { errors, sources }: DeviceStage,
  stage: ConvStage,
  index: number,
  map: WgslMap,
): string {
  const { input, output, convolved, kernel, stride, padTop, padLeft, weights, bias } = stage;
  const channels = output.channels;
  const pixels = output.height * output.width;
  return `
  let n = index % ${weights.length + bias.length}u;
  let split = index / ${weights.length + bias.length}u;
  let isBias = n >= ${weights.length}u;
  let out = n % ${channels}u;
  let channel = n / ${channels}u % ${input.channels}u;
  let kx = i32(n / ${channels * input.channels}u % ${kernel}u) - ${padLeft};
  let ky = i32(n / ${channels * input.channels * kernel}u) - ${padTop};
  var sum = 0.0;
  for (var row = split; row < settings.rows; row += ${map.splits}u) {
    for (var pixel = 0u; pixel < ${pixels}u; pixel++) {
      let place = pixel * ${channels}u + out;
      let source = sources[row * ${map.sources}u + ${sources}u + place];
      if (source < 0) { continue; }
      let error = values[row * ${map.values}u + ${errors}u + place];
      if (isBias) { sum += error; continue; }
      let y = source / ${convolved.width} * ${stride} + ky;
      let x = source % ${convolved.width} * ${stride} + kx;
      if (y < 0 || y >= ${input.height} || x < 0 || x >= ${input.width}) { continue; }
      sum += error * input${index}(row, u32(y * ${input.width} + x) * ${input.channels}u + channel);
    }
  }
  let slot = select(${weights.offset}u + n, ${bias.offset}u + n - ${weights.length}u, isBias);
  partials[split * ${map.parameters}u + slot] = sum;`;
}

/** Adds to `sum` what the outputs that read this input element say of it. */
export function convInputErrorsShader(
  { errors, sources }: DeviceStage,
  stage: ConvStage,
  map: WgslMap,
): string {
  const { input, output, convolved, kernel, stride, padTop, padLeft, pool, weights } = stage;
  const channels = output.channels;
  const computed = { height: output.height * pool, width: output.width * pool };
  return `
  let channel = element % ${input.channels}u;
  let x = i32(element / ${input.channels}u % ${input.width}u) + ${padLeft};
  let y = i32(element / ${input.channels * input.width}u) + ${padTop};
  for (var ky = 0; ky < ${kernel}; ky++) {
    let down = y - ky;
    let oy = down / ${stride};
    if (down < 0 || down % ${stride} != 0 || oy >= ${computed.height}) { continue; }
    for (var kx = 0; kx < ${kernel}; kx++) {
      let right = x - kx;
      let ox = right / ${stride};
      if (right < 0 || right % ${stride} != 0 || ox >= ${computed.width}) { continue; }
      let here = oy * ${convolved.width} + ox;
      let place = u32(oy / ${pool} * ${output.width} + ox / ${pool}) * ${channels}u;
      let w = ${weights.offset}u + (u32(ky * ${kernel} + kx) * ${input.channels}u + channel) * ${channels}u;
      let sourceAt = row * ${map.sources}u + ${sources}u + place;
      let errorAt = row * ${map.values}u + ${errors}u + place;
      for (var out = 0u; out < ${channels}u; out++) {
        if (sources[sourceAt + out] == here) { sum += values[errorAt + out] * weights[w + out]; }
      }
    }
  }`;
}
