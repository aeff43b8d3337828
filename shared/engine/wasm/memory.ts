import { layoutOf } from '../../model/layout.ts';
import type { ModelSpec } from '../../model/spec.ts';
import {
  stagesOf,
  type ConvStage,
  type DenseStage,
  type PoolStage,
  type Shape,
  type Stage,
} from '../stages.ts';

/*
 * Where everything of one model lies in the memory of its module. Addresses are in bytes, sizes in float32
 * elements. One sample is worked on at a time, so there is one set of activations whatever the batch.
 */

export const FLOAT = 4;
/** Elements of a SIMD vector. */
export const LANES = 4;
/** Bytes of a SIMD vector. */
export const VECTOR = LANES * FLOAT;
/** At most this many vectors of output channels a group: with four pixels they fill the registers of x64. */
const GROUP_VECTORS = 2;
/** Elements that a vector may touch beyond the end of a plane. */
const SLACK = 2 * LANES;
/** Addresses below this are never used: a zero pointer is a mistake. */
const FIRST_ADDRESS = 64;
/** Everything begins at a cache line. */
const ALIGNMENT = 64;

export const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;

/** The values of one sample between two stages: rows of pixels of channels, with margins of zeros. */
export interface Plane {
  shape: Shape;
  /** Elements from a pixel to the next: the channels, in whole vectors but for the image itself. */
  step: number;
  /** Elements from a row to the next. */
  rowStep: number;
  /** Of all rows, in whole vectors. */
  length: number;
  /** Of the margin's first element. */
  address: number;
  /** Of the first pixel inside the margins. */
  origin: number;
  /** From a value to its gradient, in bytes; null for the image, which needs none. */
  gradientOffset: number | null;
}

/** Where the pooled maximum of each output came from: one int32 an output, without margins. */
export interface Sources {
  address: number;
  /** Elements from an output pixel to the next. */
  step: number;
}

interface Between {
  /** The planes that the stage reads and writes. */
  from: Plane;
  to: Plane;
}

/**
 * A convolution's weights lie twice: by output channel, each kernel row in whole vectors, for the backward pass
 * and the update; and by group of output channels, for the forward pass.
 */
export interface PlacedConv extends ConvStage, Between {
  sources: Sources;
  byChannel: number;
  /** Elements of a kernel row: its width x the input's step. */
  row: number;
  paddedRow: number;
  /** Output channels of each group, in whole vectors. */
  groups: number[];
  byGroup: number;
  biasAddress: number;
}

export interface PlacedPool extends PoolStage, Between {
  sources: Sources;
}

/** Dense weights lie by output, each row in the order of the input plane. */
export interface PlacedDense extends DenseStage, Between {
  byOutput: number;
  biasAddress: number;
}

export type PlacedStage = PlacedConv | PlacedPool | PlacedDense;

export interface MemoryMap {
  stages: PlacedStage[];
  image: Plane;
  logits: Plane;
  /** All that is trained; gradients and velocities lie in the same order, this many bytes further. */
  parameters: { address: number; length: number };
  gradientOffset: number;
  velocityOffset: number;
  /** For each parameter in layout order, its element of `parameters`. */
  places: Uint32Array;
  /** The backward pass's list of one channel's outputs: an address and a gradient each. */
  entries: number;
  /** An int32: how many samples an evaluation got right. */
  correct: number;
  /** The first address that is free for data. */
  end: number;
}

/** Allocates this many elements and returns their address. */
type Reserve = (elements: number) => number;

/** Lays out the memory of a model. */
export function mapMemory(spec: ModelSpec): MemoryMap {
  let end = FIRST_ADDRESS;
  const reserve: Reserve = (elements) => {
    const address = end;
    end += roundUp(elements * FLOAT, ALIGNMENT);
    return address;
  };
  const correct = reserve(1);
  const bare = stagesOf(spec);
  const planes = bare.map((stage, index) => inputPlane(stage, index === 0, reserve));
  const logits = planeOf(outputOf(bare), NO_WINDOW, false, reserve);
  const sources = bare.map((stage) => sourcesOf(stage, reserve));
  const byGroup = bare.map((stage) =>
    stage.op === 'conv'
      ? reserve(stage.kernel ** 2 * stage.input.channels * roundUp(stage.output.channels, LANES))
      : 0,
  );
  const entries = reserve(2 * Math.max(...bare.map(({ output }) => output.height * output.width)));
  const address = end;
  const stages = bare.map((stage, index): PlacedStage => {
    const between = { from: planes[index] ?? logits, to: planes[index + 1] ?? logits };
    const source = sources[index] ?? { address: 0, step: 0 };
    switch (stage.op) {
      case 'conv':
        return {
          ...stage,
          ...between,
          ...placeConv(stage, between.from, reserve),
          byGroup: byGroup[index] ?? 0,
          sources: source,
        };
      case 'pool':
        return { ...stage, ...between, sources: source };
      case 'dense': {
        const byOutput = reserve(stage.output.channels * between.from.length);
        return { ...stage, ...between, byOutput, biasAddress: reserve(stage.output.channels) };
      }
    }
  });
  const length = (end - address) / FLOAT;
  return {
    stages,
    image: planes[0] ?? logits,
    logits,
    parameters: { address, length },
    gradientOffset: reserve(length) - address,
    velocityOffset: reserve(length) - address,
    places: placesOf(spec, stages, address),
    entries,
    correct,
    end,
  };
}

/** What a stage reads of its input: rows and columns of zeros before it, and how far it reaches. */
interface Window {
  top: number;
  left: number;
  rows: number;
  columns: number;
}
const NO_WINDOW: Window = { top: 0, left: 0, rows: 0, columns: 0 };

function outputOf(stages: Stage[]): Shape {
  const last = stages.at(-1);
  if (last === undefined) throw new RangeError('wasm: a model without stages');
  return last.output;
}

function inputPlane(stage: Stage, first: boolean, reserve: Reserve): Plane {
  return planeOf(stage.input, windowOf(stage), first, reserve);
}

function windowOf(stage: Stage): Window {
  switch (stage.op) {
    case 'conv': {
      const { kernel, stride, pool, output, padTop, padLeft } = stage;
      const reach = (outputs: number) => (outputs * pool - 1) * stride + kernel;
      return { top: padTop, left: padLeft, rows: reach(output.height), columns: reach(output.width) };
    }
    case 'pool':
    case 'dense':
      return NO_WINDOW;
  }
}

function planeOf(shape: Shape, window: Window, first: boolean, reserve: Reserve): Plane {
  const step = first ? shape.channels : roundUp(shape.channels, LANES);
  const rows = Math.max(window.top + shape.height, window.rows);
  const rowStep = Math.max(window.left + shape.width, window.columns) * step;
  const length = roundUp(rows * rowStep, LANES);
  const address = reserve(length + SLACK);
  return {
    shape,
    step,
    rowStep,
    length,
    address,
    origin: address + (window.top * rowStep + window.left * step) * FLOAT,
    gradientOffset: first ? null : reserve(length + SLACK) - address,
  };
}

function sourcesOf({ op, output }: Stage, reserve: Reserve): Sources {
  switch (op) {
    case 'dense':
      return { address: 0, step: 0 };
    case 'conv':
    case 'pool': {
      const step = roundUp(output.channels, LANES);
      return { address: reserve(output.height * output.width * step), step };
    }
  }
}

function placeConv({ kernel, output }: ConvStage, from: Plane, reserve: Reserve) {
  const row = kernel * from.step;
  const paddedRow = roundUp(row, LANES);
  const byChannel = reserve(output.channels * kernel * paddedRow);
  const biasAddress = reserve(roundUp(output.channels, LANES));
  const vectors = Math.ceil(output.channels / LANES);
  const full = Math.floor(vectors / GROUP_VECTORS);
  const rest = vectors % GROUP_VECTORS;
  const groups = [...Array<number>(full).fill(GROUP_VECTORS * LANES), ...(rest > 0 ? [rest * LANES] : [])];
  return { row, paddedRow, byChannel, biasAddress, groups };
}

/** Where the weight of an output and a pixel of the input lies, that of its first channel. */
function weightPlace(
  stage: PlacedConv | PlacedDense,
  out: number,
  pixel: number,
): { address: number; element: number } {
  const { from } = stage;
  switch (stage.op) {
    case 'conv': {
      const row = Math.floor(pixel / stage.kernel);
      const column = pixel % stage.kernel;
      const element = (out * stage.kernel + row) * stage.paddedRow + column * from.step;
      return { address: stage.byChannel, element };
    }
    case 'dense': {
      const row = Math.floor(pixel / from.shape.width);
      const column = pixel % from.shape.width;
      return {
        address: stage.byOutput,
        element: out * from.length + row * from.rowStep + column * from.step,
      };
    }
  }
}

function placesOf(spec: ModelSpec, stages: PlacedStage[], base: number): Uint32Array {
  const places = new Uint32Array(layoutOf(spec).length);
  const put = (index: number, address: number, element: number) => {
    places[index] = (address - base) / FLOAT + element;
  };
  for (const stage of stages) {
    if (!('weights' in stage)) continue;
    const { weights, bias, from, output } = stage;
    const { channels } = from.shape;
    for (let index = 0; index < weights.length; index++) {
      const out = index % output.channels;
      const input = Math.floor(index / output.channels);
      const channel = input % channels;
      const pixel = Math.floor(input / channels);
      const { address, element } = weightPlace(stage, out, pixel);
      put(weights.offset + index, address, element + channel);
    }
    for (let out = 0; out < bias.length; out++) put(bias.offset + out, stage.biasAddress, out);
  }
  return places;
}
