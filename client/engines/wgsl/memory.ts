import { layoutOf } from '../../../shared/model/layout.ts';
import type { ModelSpec } from '../../../shared/model/spec.ts';
import { stagesOf, type Shape, type Stage } from '../../../shared/engine/stages.ts';

/** Where a stage finds what it reads and writes, in elements from the begin of a sample's row. */
export interface DeviceStage {
  stage: Stage;
  /** Of the values it reads, in `values`; null for the image. */
  input: number | null;
  /** Of the errors of those, in `values`; null for the image, which needs none. */
  inputErrors: number | null;
  /** Of its output, in `values`. */
  output: number;
  /** Of the errors of its output, in `values`. */
  errors: number;
  /** Of what each output came from, in `sources`. */
  sources: number;
}

/** Where everything of one model lies on the device; a batch has a row of values and one of sources a sample. */
export interface WgslMap {
  stages: DeviceStage[];
  /** Elements of an image. */
  pixels: number;
  classes: number;
  parameters: number;
  /** Elements of a row of `values`. */
  values: number;
  /** Elements of a row of `sources`. */
  sources: number;
  /** Parts in which the samples of a batch are summed up, beside each other. */
  splits: number;
}

/** Elements of all partial gradients together; small models are split in more parts. */
const PARTIALS = 1 << 22;
const MAX_SPLITS = 64;

export const elementsOf = ({ height, width, channels }: Shape): number => height * width * channels;

/** Lays out a model for the device. */
export function mapDevice(spec: ModelSpec): WgslMap {
  let values = 0;
  let sources = 0;
  let input: number | null = null;
  let inputErrors: number | null = null;
  const stages = stagesOf(spec).map((stage): DeviceStage => {
    const size = elementsOf(stage.output);
    const placed = { stage, input, inputErrors, output: values, errors: values + size, sources };
    values += 2 * size;
    sources += size;
    input = placed.output;
    inputErrors = placed.errors;
    return placed;
  });
  const last = stages.at(-1);
  if (last === undefined) throw new RangeError('webgpu: a model has stages');
  const { length: parameters } = layoutOf(spec);
  return {
    stages,
    parameters,
    values,
    sources,
    pixels: spec.input[0] * spec.input[1] * spec.input[2],
    classes: last.stage.output.channels,
    splits: Math.max(1, Math.min(MAX_SPLITS, Math.floor(PARTIALS / parameters))),
  };
}
