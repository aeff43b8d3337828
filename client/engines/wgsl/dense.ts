import type { DenseStage } from '../../../shared/engine/stages.ts';
import { WGSL_ACTIVATIONS } from './activations.ts';
import { powerOfTwo, type Reduction } from './lanes.ts';
import { elementsOf, type DeviceStage, type WgslMap } from './memory.ts';

/** Terms that each lane adds up at least: fewer do not pay for the lane. */
const MIN_TERMS = 8;

/** One output of a dense layer with its bias and activation. */
export function denseForwardShader(
  { output: to, sources }: DeviceStage,
  stage: DenseStage,
  index: number,
  map: WgslMap,
  group: number,
): Reduction {
  const { weights, bias, activation } = stage;
  const outputs = stage.output.channels;
  const inputs = elementsOf(stage.input);
  const lanes = powerOfTwo(Math.min(group, inputs / MIN_TERMS));
  const place = `let row = index / ${outputs}u; let out = index % ${outputs}u;`;
  return {
    lanes,
    accumulate: `
    ${place}
    let begin = begin${index}(row);
    for (var unit = lane; unit < ${inputs}u; unit += ${lanes}u) {
      sum += input${index}(begin + unit) * weights[${weights.offset}u + unit * ${outputs}u + out];
    }`,
    store: `
  ${place}
  sum += weights[${bias.offset}u + out];
  let stopped = ${WGSL_ACTIVATIONS[activation].stops('sum')};
  values[row * ${map.values}u + ${to}u + out] = select(sum, 0.0, stopped);
  sources[row * ${map.sources}u + ${sources}u + out] = select(0, -1, stopped);`,
  };
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
    if (isBias) { sum += error; } else { sum += error * input${index}(begin${index}(row) + n / ${output.channels}u); }
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
