import { en } from 'zod/locales';
import * as z from 'zod/mini';

const dimension = z.int().check(z.minimum(1), z.maximum(4096));

const layer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('conv2d'),
    filters: dimension,
    kernel: z.int().check(z.minimum(1), z.maximum(7)),
    stride: z._default(z.union([z.literal(1), z.literal(2)]), 1),
    padding: z._default(z.enum(['valid', 'same']), 'valid'),
  }),
  z.strictObject({ kind: z.literal('relu') }),
  z.strictObject({ kind: z.literal('maxPool'), size: z.int().check(z.minimum(2), z.maximum(28)) }),
  z.strictObject({ kind: z.literal('flatten') }),
  z.strictObject({ kind: z.literal('dense'), units: dimension }),
]);

const modelSpec = z.strictObject({
  name: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,63}$/)),
  /** Height, width, channels of one image. */
  input: z.tuple([dimension, dimension, dimension]),
  /** Pixels become (value / 255 - mean) / deviation. */
  normalise: z.strictObject({ mean: z.number(), deviation: z.number().check(z.positive()) }),
  layers: z.array(layer).check(z.minLength(1), z.maxLength(64)),
  loss: z.literal('softmax-cross-entropy'),
  initialiser: z.enum(['pytorch', 'glorot-uniform', 'he-uniform']),
});

/** A model as a declaration: what a user writes to replace the zoo's. */
export type ModelSpec = z.infer<typeof modelSpec>;
export type Layer = ModelSpec['layers'][number];

/** zod/mini has no messages of its own. */
const inWords = en().localeError;

/** A model that cannot be trained; the message names the part that is wrong. */
export class ModelSpecError extends Error {
  override name = 'ModelSpecError';
}

/**
 * Checks a declaration from outside and fills in its defaults [MD1].
 * @throws {ModelSpecError} naming the first field that is wrong, or the layer whose shape does not fit.
 */
export function parseModelSpec(declaration: unknown): ModelSpec {
  const parsed = modelSpec.safeParse(declaration, { error: inWords });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    // Of the declaration as a whole the path is empty.
    const where = ['model', ...(issue?.path.length ? [issue.path.join('.')] : [])].join(': ');
    throw new ModelSpecError(`${where}: ${issue?.message ?? 'invalid'}`);
  }
  const shapes = outputShapes(parsed.data);
  // After a flattened image the logits would lie over several pixels, which no engine of ours reads.
  const last = parsed.data.layers.findLast(({ kind }) => kind !== 'relu');
  if (shapes.at(-1)?.length !== 1 || last?.kind !== 'dense') {
    throw new ModelSpecError('model: the last layer must give one row of logits: end with a dense layer');
  }
  return parsed.data;
}

/**
 * The output shape of each layer for one sample, `[height, width, channels]` or `[features]`.
 * @throws {ModelSpecError} naming the layer that its input does not fit.
 */
export function outputShapes(spec: ModelSpec): number[][] {
  let shape: number[] = [...spec.input];
  return spec.layers.map((each, index) => {
    shape = outputShape(each, shape, `model: layers.${index} (${each.kind})`);
    return shape;
  });
}

function outputShape(each: Layer, input: number[], where: string): number[] {
  switch (each.kind) {
    case 'relu':
      return input;
    case 'flatten':
      return [input.reduce((product, size) => product * size, 1)];
    case 'dense':
      if (input.length !== 1) throw new ModelSpecError(`${where}: flatten its input first`);
      return [each.units];
    case 'maxPool': {
      const [height, width, channels] = image(input, where);
      return positive([Math.floor(height / each.size), Math.floor(width / each.size), channels], where);
    }
    case 'conv2d': {
      const [height, width] = image(input, where);
      const along = (size: number) =>
        each.padding === 'same'
          ? Math.ceil(size / each.stride)
          : Math.floor((size - each.kernel) / each.stride) + 1;
      return positive([along(height), along(width), each.filters], where);
    }
  }
}

function image(shape: number[], where: string): [number, number, number] {
  const [height, width, channels] = shape;
  if (height === undefined || width === undefined || channels === undefined) {
    throw new ModelSpecError(`${where}: needs an image, not a flat row`);
  }
  return [height, width, channels];
}

function positive(shape: number[], where: string): number[] {
  if (shape.some((size) => size < 1)) {
    throw new ModelSpecError(`${where}: its input is smaller than its window`);
  }
  return shape;
}
