import type { PoolStage } from '../../../shared/engine/stages.ts';
import { WGSL_ACTIVATIONS } from './activations.ts';
import { elementsOf, type DeviceStage, type WgslMap } from './memory.ts';

/** Pooling and activation of one output where no convolution comes right before. */
export function poolForwardShader(
  { output: to, sources }: DeviceStage,
  { input, output, pool, activation }: PoolStage,
  index: number,
  map: WgslMap,
): string {
  return `
  let row = index / ${elementsOf(output)}u;
  let place = index % ${elementsOf(output)}u;
  let channel = place % ${output.channels}u;
  let pixel = place / ${output.channels}u;
  let begin = begin${index}(row);
  var best = 0.0;
  var source = -1;
  for (var dy = 0u; dy < ${pool}u; dy++) { for (var dx = 0u; dx < ${pool}u; dx++) {
    let y = pixel / ${output.width}u * ${pool}u + dy;
    let x = pixel % ${output.width}u * ${pool}u + dx;
    let here = y * ${input.width}u + x;
    let value = input${index}(begin + here * ${input.channels}u + channel);
    if (source < 0 || value > best) { best = value; source = i32(here); }
  } }
  let stopped = ${WGSL_ACTIVATIONS[activation].stops('best')};
  values[row * ${map.values}u + ${to}u + place] = select(best, 0.0, stopped);
  sources[row * ${map.sources}u + ${sources}u + place] = select(source, -1, stopped);`;
}

/** Sets `sum` to the error of the output that this input element is the maximum of. */
export function poolInputErrorsShader(
  { errors, sources }: DeviceStage,
  { input, output, pool }: PoolStage,
  map: WgslMap,
): string {
  return `
  let channel = element % ${input.channels}u;
  let here = element / ${input.channels}u;
  let oy = here / ${input.width}u / ${pool}u;
  let ox = here % ${input.width}u / ${pool}u;
  if (oy < ${output.height}u && ox < ${output.width}u) {
    let place = (oy * ${output.width}u + ox) * ${output.channels}u + channel;
    if (sources[row * ${map.sources}u + ${sources}u + place] == i32(here)) {
      sum = values[row * ${map.values}u + ${errors}u + place];
    }
  }`;
}
