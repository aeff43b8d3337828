import type { WeightedStage } from '../../../shared/engine/stages.ts';
import type { Loss, ModelSpec } from '../../../shared/model/spec.ts';
import { convBackwardShader, convForwardShader, convInputErrorsShader } from './conv.ts';
import { denseBackwardShader, denseForwardShader, denseInputErrorsShader } from './dense.ts';
import { reducing, type Reduction } from './lanes.ts';
import { elementsOf, type DeviceStage, type WgslMap } from './memory.ts';
import { poolForwardShader, poolInputErrorsShader } from './pool.ts';

/** One dispatch: an entry point of the module, and how many invocations it needs. */
export interface WgslKernel {
  entry: string;
  /** Invocations for each sample of a batch, and those that a batch needs however large it is. */
  perSample: number;
  always: number;
}

/** A module for one model: its code, and what a step dispatches, in order. */
export interface WgslProgram {
  code: string;
  /** Up to the loss. */
  forward: WgslKernel[];
  /** From the loss to the update. */
  backward: WgslKernel[];
}

/** The storage buffers, in the order of their bindings from 1; binding 0 is the uniform `settings`. */
export const STORAGE = [
  /** Images, a byte a value, then labels. */
  ['data', 'read', 'u32'],
  /** Samples of the whole unit, in the order in which they are visited. */
  ['order', 'read', 'u32'],
  /** Parameters, then the velocity of each. */
  ['weights', 'read_write', 'f32'],
  ['values', 'read_write', 'f32'],
  ['sources', 'read_write', 'i32'],
  /** A gradient for each part of the batch. */
  ['partials', 'read_write', 'f32'],
  /** Samples of the order that are done. */
  ['state', 'read_write', 'u32'],
  /** Loss and right answers of each row, over all steps. */
  ['totals', 'read_write', 'f32'],
] as const;
export type StorageName = (typeof STORAGE)[number][0];

/** A float that WGSL takes as one. */
const float = (value: number) => `f32(${value})`;

/**
 * Emits the kernels of one model: sizes and offsets are constants, every sum is taken in one order, so that a
 * device gives the same answer to the same unit.
 * @param group invocations a workgroup.
 */
export function emitProgram(spec: ModelSpec, map: WgslMap, group: number): WgslProgram {
  const { stages } = map;
  const module = new ModuleCode(group);
  module.functions.push(declarations(spec, map, group));
  stages.forEach((placed, index) => module.functions.push(inputFunctions(placed, index, map)));
  const forward = stages.map((placed, index) => addForward(module, placed, index, map));
  forward.push(module.add('loss', { perSample: 1 }, LOSSES[spec.loss](map)));
  const backward: WgslKernel[] = [];
  stages.forEach((placed, index) => {
    const { stage, inputErrors } = placed;
    if ('weights' in stage) backward.unshift(addGradient(module, placed, stage, index, map));
    if (inputErrors === null) return;
    const { body, perSample } = inputErrorsOf(placed, inputErrors, map);
    backward.unshift(module.add(`errors${index}`, { perSample }, body));
  });
  backward.push(module.add('update', { always: map.parameters }, updateBody(map)));
  return { code: module.functions.join('\n'), forward, backward };
}

/** The functions of one module, as they are added. */
class ModuleCode {
  readonly functions: string[] = [];
  /** Invocations a workgroup. */
  readonly group: number;

  constructor(group: number) {
    this.group = group;
  }

  /** Adds a kernel that has an invocation for each index. */
  add(entry: string, { perSample = 0, always = 0 }: Partial<WgslKernel>, body: string): WgslKernel {
    this.functions.push(entryPoint(entry, this.group, total(perSample, always), body));
    return { entry, perSample, always };
  }

  /** Adds a kernel that has the lanes of a sum for each index. */
  addReducing(
    entry: string,
    { perSample = 0, always = 0 }: Partial<WgslKernel>,
    reduction: Reduction,
  ): WgslKernel {
    const { lanes } = reduction;
    this.functions.push(reducing(entry, this.group, total(perSample, always), reduction));
    return { entry, perSample: perSample * lanes, always: always * lanes };
  }
}

const total = (perSample: number, always: number) => `settings.rows * ${perSample}u + ${always}u`;

function addForward(module: ModuleCode, placed: DeviceStage, index: number, map: WgslMap): WgslKernel {
  const { stage } = placed;
  const entry = `forward${index}`;
  switch (stage.op) {
    case 'conv': {
      const { body, perSample } = convForwardShader(placed, stage, index, map);
      return module.add(entry, { perSample }, body);
    }
    case 'pool': {
      const perSample = elementsOf(stage.output);
      return module.add(entry, { perSample }, poolForwardShader(placed, stage, index, map));
    }
    case 'dense': {
      const perSample = stage.output.channels;
      const reduction = denseForwardShader(placed, stage, index, map, module.group);
      return module.addReducing(entry, { perSample }, reduction);
    }
  }
}

function addGradient(
  module: ModuleCode,
  placed: DeviceStage,
  stage: WeightedStage,
  index: number,
  map: WgslMap,
): WgslKernel {
  const always = (stage.weights.length + stage.bias.length) * map.splits;
  const entry = `gradient${index}`;
  switch (stage.op) {
    case 'conv': {
      const reduction = convBackwardShader(placed, stage, index, map, module.group);
      return module.addReducing(entry, { always }, reduction);
    }
    case 'dense':
      return module.add(entry, { always }, denseBackwardShader(placed, stage, index, map));
  }
}

/** Stores the errors of a stage's input at `target`. */
function inputErrorsOf(
  placed: DeviceStage,
  target: number,
  map: WgslMap,
): { body: string; perSample: number } {
  const { stage } = placed;
  switch (stage.op) {
    case 'conv':
      return convInputErrorsShader(placed, stage, target, map);
    case 'pool':
      return elementErrors(placed, target, map, poolInputErrorsShader(placed, stage, map));
    case 'dense':
      return elementErrors(placed, target, map, denseInputErrorsShader(placed, stage, map));
  }
}

/** One invocation for each element of the input, whose error is `sum` after these statements. */
function elementErrors(
  { stage }: DeviceStage,
  target: number,
  map: WgslMap,
  statements: string,
): { body: string; perSample: number } {
  const size = elementsOf(stage.input);
  const body = `
  let row = index / ${size}u;
  let element = index % ${size}u;
  var sum = 0.0;
  ${statements}
  values[row * ${map.values}u + ${target}u + element] = sum;`;
  return { body, perSample: size };
}

function declarations({ normalise }: ModelSpec, { pixels }: WgslMap, group: number): string {
  const storage = STORAGE.map(
    ([name, access, type], index) =>
      `@group(0) @binding(${index + 1}) var<storage, ${access}> ${name}: array<${type}>;`,
  );
  return `
struct Settings { rows: u32, labels: u32, rate: f32, momentum: f32 }
@group(0) @binding(0) var<uniform> settings: Settings;
${storage.join('\n')}
var<workgroup> parts: array<f32, ${group}>;
fn byteAt(place: u32) -> u32 { return (data[place / 4u] >> (8u * (place % 4u))) & 255u; }
fn sampleOf(row: u32) -> u32 { return order[state[0] + row]; }
fn imageOf(row: u32) -> u32 { return sampleOf(row) * ${pixels}u; }
fn pixelAt(place: u32) -> f32 {
  let value = f32(byteAt(place)) / 255.0;
  return (value - ${float(normalise.mean)}) / ${float(normalise.deviation)};
}`;
}

/** Where a row of the input begins, and the value at a place: the begin is looked up once a row, not once a value. */
function inputFunctions({ input }: DeviceStage, index: number, map: WgslMap): string {
  const begin = input === null ? 'imageOf(row)' : `row * ${map.values}u + ${input}u`;
  const value = input === null ? 'pixelAt(place)' : 'values[place]';
  return `
fn begin${index}(row: u32) -> u32 { return ${begin}; }
fn input${index}(place: u32) -> f32 { return ${value}; }`;
}

/** A kernel whose body knows its `index`; invocations beyond the last have nothing to do. */
function entryPoint(name: string, group: number, invocations: string, body: string): string {
  return `
@compute @workgroup_size(${group})
fn ${name}(@builtin(global_invocation_id) invocation: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = invocation.x + invocation.y * groups.x * ${group}u;
  if (index >= ${invocations}) { return; }
  ${body}
}`;
}

const LOSSES: Record<Loss, (map: WgslMap) => string> = { 'softmax-cross-entropy': softmaxLossBody };

/** Softmax cross-entropy of one row: its loss, whether it is right, and the errors of its logits. */
function softmaxLossBody({ classes, stages, values }: WgslMap): string {
  const { output = 0, errors = 0 } = stages.at(-1) ?? {};
  return `
  let logits = index * ${values}u + ${output}u;
  let label = byteAt(settings.labels + sampleOf(index));
  var largest = values[logits];
  var best = 0u;
  for (var c = 1u; c < ${classes}u; c++) {
    if (values[logits + c] > largest) { largest = values[logits + c]; best = c; }
  }
  var sum = 0.0;
  for (var c = 0u; c < ${classes}u; c++) { sum += exp(values[logits + c] - largest); }
  totals[2u * index] += log(sum) - (values[logits + label] - largest);
  totals[2u * index + 1u] += select(0.0, 1.0, best == label);
  let errors = index * ${values}u + ${errors}u;
  for (var c = 0u; c < ${classes}u; c++) {
    let wanted = select(0.0, 1.0, c == label);
    values[errors + c] = (exp(values[logits + c] - largest) / sum - wanted) / f32(settings.rows);
  }`;
}

/** v = momentum v + g; w -= rate v; then the next step's samples come up. */
function updateBody({ parameters, splits }: WgslMap): string {
  return `
  var sum = 0.0;
  for (var split = 0u; split < ${splits}u; split++) { sum += partials[split * ${parameters}u + index]; }
  let moved = settings.momentum * weights[${parameters}u + index] + sum;
  weights[${parameters}u + index] = moved;
  weights[index] -= settings.rate * moved;
  if (index == 0u) { state[0] += settings.rows; }`;
}
