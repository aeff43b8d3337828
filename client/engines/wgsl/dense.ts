import type { DenseStage } from '../../../shared/engine/stages.ts';
import { WGSL_ACTIVATIONS } from './activations.ts';
import { elementsOf, type DeviceStage, type WgslMap } from './memory.ts';

/** One output of a dense layer with its bias and activation. */
export function denseForwardShader(
  { output: to, sources }: DeviceStage,
  stage: DenseStage,
  index: number,
  map: WgslMap,
): string {
  const { weights, bias, activation } = stage;
  const outputs = stage.output.channels;
  return `
  let row = index / ${outputs}u;
  let out = index % ${outputs}u;
  var sum = weights[${bias.offset}u + out];
  for (var unit = 0u; unit < ${elementsOf(stage.input)}u; unit++) {
    sum += input${index}(row, unit) * weights[${weights.offset}u + unit * ${outputs}u + out];
  }
  let stopped = ${WGSL_ACTIVATIONS[activation].stops('sum')};
  values[row * ${map.values}u + ${to}u + out] = select(sum, 0.0, stopped);
  sources[row * ${map.sources}u + ${sources}u + out] = select(0, -1, stopped);`;
}

/** The gradient of one weight or bias over a part of the batch. */
export function denseBackwardShader(
  { errors, sources }: DeviceStage,
  { weights, bias, output }: DenseStage,
  index: number,
  map: WgslMap,
): string {
  return `
  let n = index % ${weights.length + bias.length}u;
  let split = index / ${weights.length + bias.length}u;
  let isBias = n >= ${weights.length}u;
  let out = n % ${output.channels}u;
  var sum = 0.0;
  for (var row = split; row < settings.rows; row += ${map.splits}u) {
    if (sources[row * ${map.sources}u + ${sources}u + out] < 0) { continue; }
    let error = values[row * ${map.values}u + ${errors}u + out];
    if (isBias) { sum += error; } else { sum += error * input${index}(row, n / ${output.channels}u); }
  }
  let slot = select(${weights.offset}u + n, ${bias.offset}u + n - ${weights.length}u, isBias);
  partials[split * ${map.parameters}u + slot] = sum;`;
}

/** Adds to `sum` what each output says of this input element. */
export function denseInputErrorsShader(
  { errors, sources }: DeviceStage,
  stage: DenseStage,
  map: WgslMap,
): string {
  const outputs = stage.output.channels;
  return `
  for (var out = 0u; out < ${outputs}u; out++) {
    if (sources[row * ${map.sources}u + ${sources}u + out] < 0) { continue; }
    let error = values[row * ${map.values}u + ${errors}u + out];
    sum += error * weights[${stage.weights.offset}u + element * ${outputs}u + out];
  }`;
}
