import * as z from 'zod/mini';
import { choice, fields, describeIssues, integer } from '../text/schema.ts';
import { didYouMean } from '../text/suggest.ts';

const dimension = integer(1, 4096);
/**
 * Layers without fields that apply one function to each value. Each is monotone, so that it may come before or after a
 * pool, and changes nothing more where it is applied twice: stages count on both.
 */
export const ACTIVATIONS = ['relu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];
const ACTIVATION_KINDS: ReadonlySet<string> = new Set(ACTIVATIONS);

/** One side of an image, and the window that is moved along it. */
interface Side {
  size: number;
  kernel: number;
  stride: number;
}

interface PaddingRule {
  /** Elements of that side of the output. */
  outputs(side: Side): number;
  /** Zeros before the first element, where this many outputs are wanted. */
  before(side: Side, outputs: number): number;
}

/** What a convolution does at the edges. */
export const PADDINGS = {
  /** Windows lie in the image. */
  valid: {
    outputs: ({ size, kernel, stride }) => Math.floor((size - kernel) / stride) + 1,
    before: () => 0,
  },
  /** With stride 1 the output is as large as the image. */
  same: {
    outputs: ({ size, stride }) => Math.ceil(size / stride),
    before: ({ size, kernel, stride }, outputs) =>
      Math.floor(Math.max(0, (outputs - 1) * stride + kernel - size) / 2),
  },
} as const satisfies Record<string, PaddingRule>;
type Padding = keyof typeof PADDINGS;
const PADDING_NAMES = Object.keys(PADDINGS) as Padding[];

const MAX_LAYERS = 64;
/** The fused WebAssembly engine writes out each place of a window: its code grows with the square of this. */
const MAX_POOL = 32;
const SIZES = 'three whole numbers: height, width and channels of an image';
const NAME = '1 to 64 lower-case letters, digits and hyphens, beginning with a letter or a digit';
const LAYERS = `a list of 1 to ${MAX_LAYERS} layers`;

/** A layer and the fields that it has besides its kind. */
const layerOf = <const Kind extends string, Shape extends z.core.$ZodShape>(kind: Kind, shape: Shape) =>
  fields(kind, { kind: z.literal(kind), ...shape });

const LAYER_KINDS = {
  conv2d: layerOf('conv2d', {
    filters: dimension,
    kernel: integer(1, 7),
    stride: z._default(z.literal([1, 2], { error: '1 or 2' }), 1),
    padding: z._default(choice(PADDING_NAMES), 'valid'),
  }),
  relu: layerOf('relu', {}),
  maxPool: layerOf('maxPool', { size: integer(2, MAX_POOL) }),
  flatten: layerOf('flatten', {}),
  dense: layerOf('dense', { units: dimension }),
};
type LayerSchema = (typeof LAYER_KINDS)[keyof typeof LAYER_KINDS];
export const LAYER_KIND_NAMES = Object.keys(LAYER_KINDS);

const layer = z.discriminatedUnion('kind', Object.values(LAYER_KINDS) as [LayerSchema, ...LayerSchema[]], {
  error: ({ input }) =>
    typeof input === 'object' && input !== null
      ? `one of ${LAYER_KIND_NAMES.join(', ')}${didYouMean((input as { kind?: unknown }).kind, LAYER_KIND_NAMES)}`
      : 'a layer: an object with a kind',
});

/** What training makes small, as the mean over a batch. */
const LOSSES = ['softmax-cross-entropy'] as const;
export type Loss = (typeof LOSSES)[number];
/** How the first parameters are drawn; `initialise.ts` has the bounds. */
const INITIALISER_NAMES = ['pytorch', 'glorot-uniform', 'he-uniform'] as const;

const modelSpec = fields('a model', {
  name: z.string({ error: NAME }).check(z.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: NAME })),
  /** Height, width, channels of one image. */
  input: z.tuple([dimension, dimension, dimension], { error: SIZES }),
  /** Pixels become (value / 255 - mean) / deviation. */
  normalise: fields('normalise', {
    mean: z.number({ error: 'a number' }),
    deviation: z.number({ error: 'a number above 0' }).check(z.positive({ error: 'a number above 0' })),
  }),
  layers: z
    .array(layer, { error: LAYERS })
    .check(z.minLength(1, { error: LAYERS }), z.maxLength(MAX_LAYERS, { error: LAYERS })),
  loss: choice(LOSSES),
  initialiser: choice(INITIALISER_NAMES),
});

/** A model as a declaration: what a user writes to replace the zoo's. */
export type ModelSpec = z.infer<typeof modelSpec>;
export type Layer = ModelSpec['layers'][number];

/** A model that cannot be trained; the message names the part that is wrong. */
export class ModelSpecError extends Error {
  override name = 'ModelSpecError';
}

/**
 * Checks a declaration from outside and fills in its defaults [MD1].
 * @throws {ModelSpecError} naming the first field that is wrong, or the layer whose shape does not fit.
 */
export function parseModelSpec(declaration: unknown): ModelSpec {
  const parsed = modelSpec.safeParse(declaration);
  if (!parsed.success) {
    const place = (path: readonly PropertyKey[]) => placeOf(path, declaration);
    throw new ModelSpecError(`model: ${describeIssues(parsed.error.issues, declaration, place)}`);
  }
  const shapes = outputShapes(parsed.data);
  // After a flattened image the logits would lie over several pixels, which no engine of ours reads.
  const last = parsed.data.layers.findLast(({ kind }) => !ACTIVATION_KINDS.has(kind));
  if (shapes.at(-1)?.length !== 1 || last?.kind !== 'dense') {
    throw new ModelSpecError('model: the last layer must give one row of logits: end with a dense layer');
  }
  return parsed.data;
}

/** A place of a declaration, a layer by its index and its kind. */
function placeOf(path: readonly PropertyKey[], declaration: unknown): string {
  const [field, index] = path;
  if (field !== 'layers' || typeof index !== 'number') return path.join('.');
  // That something is wrong within a layer says that there are layers.
  const { layers } = declaration as { layers: ({ kind?: unknown } | null)[] };
  const kind = layers[index]?.kind;
  const known = LAYER_KIND_NAMES.find((each) => each === kind);
  return known === undefined ? path.join('.') : `${path.join('.')} (${known})`;
}

/** How many classes a model tells apart: the length of its last row. */
export function outputsOf(spec: ModelSpec): number {
  return outputShapes(spec).at(-1)?.[0] ?? 0;
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
        PADDINGS[each.padding].outputs({ size, kernel: each.kernel, stride: each.stride });
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
