import * as z from 'zod/mini';
import { choice, fields, integer, describeIssues } from '../../shared/text/schema.ts';
import { DatasetError } from './errors.ts';

/** What one element of an image may be. */
export const ELEMENT_TYPES = ['uint8', 'float32'] as const;
export type ElementType = (typeof ELEMENT_TYPES)[number];

/** What a label may be. */
const LABEL_TYPES = ['uint8'] as const;
type LabelType = (typeof LABEL_TYPES)[number];

/** How many classes labels of a type can tell apart. */
const MAX_CLASSES: Record<LabelType, number> = { uint8: 256 };

const MAX_SIZE = 4096;
const MAX_SAMPLES = 2 ** 32 - 1;

const NAME = '1 to 64 lower-case letters, digits and hyphens, beginning with a letter or a digit';
const TITLE = 'a text of 1 to 64 characters';
const HASH = 'a SHA-256 in 64 hexadecimal digits';
const SHAPE = 'three whole numbers: height, width and channels of an image';

const size = integer(1, MAX_SIZE);
const hash = z.string({ error: HASH }).check(z.regex(/^[0-9a-f]{64}$/, { error: HASH }));
const byChannel = z.array(z.number({ error: 'a number' }).check(z.minimum(0, { error: 'a number from 0' })), {
  error: 'a list of one number for each channel',
});

/** One data shard of a manifest. */
const dataShardEntry = fields('a data shard', {
  /** SHA-256 of its bytes in the format of shared/dataset/dataShard.ts. */
  hash,
  samples: integer(1, MAX_SAMPLES),
});

/** A part of a data set: the samples that are trained on, or those that are held out. */
const part = fields('a part', {
  samples: integer(1, MAX_SAMPLES),
  dataShards: z.array(dataShardEntry, { error: 'a list of data shards' }),
});

const datasetManifest = fields('a manifest', {
  /** What `--dataset` calls it. */
  name: z.string({ error: NAME }).check(z.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: NAME })),
  /** What messages to people call it. */
  title: z
    .string({ error: TITLE })
    .check(z.minLength(1, { error: TITLE }), z.maxLength(64, { error: TITLE })),
  elementType: choice(ELEMENT_TYPES),
  /** Height, width and channels of an image. */
  inputShape: z.tuple([size, size, size], { error: SHAPE }),
  /** Labels are 0 to below this. */
  classes: integer(1, Math.max(...Object.values(MAX_CLASSES))),
  labelType: choice(LABEL_TYPES),
  /** Of the training images by channel, as a model sees them before it normalises: uint8 divided by 255. */
  mean: byChannel,
  /** Standard deviation of the same elements. */
  deviation: byChannel,
  /** Follows from the hashes of all its data shards: another content is another data set. */
  hash,
  /** What workers are given. */
  train: part,
  /** What the server measures a model on. */
  test: part,
});

/** What a data set is and what it consists of [DS9]. */
export type DatasetManifest = z.infer<typeof datasetManifest>;
export type DatasetPart = DatasetManifest['train'];

/** What is known of a data set before it is read: what a developer writes to add one. */
export type DatasetDescription = Omit<DatasetManifest, 'hash' | 'train' | 'test'>;

/**
 * Checks a manifest [DS10].
 * @throws {DatasetError} naming the data set and the first field that is wrong.
 */
export function parseManifest(value: unknown): DatasetManifest {
  const parsed = datasetManifest.safeParse(value);
  if (!parsed.success) throw new DatasetError(`manifest: ${describeIssues(parsed.error.issues, value)}`);
  const manifest = parsed.data;
  const wrong = contradictionOf(manifest);
  if (wrong !== null) throw new DatasetError(`manifest of ${manifest.name}: ${wrong}`);
  return manifest;
}

/** Two fields that cannot both be right, in words; null where there are none. */
function contradictionOf({
  inputShape,
  classes,
  labelType,
  mean,
  deviation,
  train,
  test,
}: DatasetManifest): string | null {
  const [, , channels] = inputShape;
  for (const [name, { length }] of Object.entries({ mean, deviation })) {
    if (length !== channels) return `${name} has ${length} numbers, the images have ${channels} channels`;
  }
  const most = MAX_CLASSES[labelType];
  if (classes > most) return `${labelType} labels tell ${most} classes apart, not ${classes}`;
  for (const [name, { samples, dataShards }] of Object.entries({ train, test })) {
    const sum = dataShards.reduce((before, dataShard) => before + dataShard.samples, 0);
    if (sum !== samples) return `${name} has ${samples} samples, its data shards ${sum}`;
  }
  const held = new Set(test.dataShards.map((dataShard) => dataShard.hash));
  const both = train.dataShards.find((dataShard) => held.has(dataShard.hash));
  return both === undefined ? null : `the data shard ${both.hash} is in train and in test`;
}
