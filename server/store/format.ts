import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { modelHash } from './modelHash.ts';
import { layoutOf, type ParameterLayout } from '../../shared/model/layout.ts';
import { parseModelSpec, type ModelSpec } from '../../shared/model/spec.ts';
import {
  adminSnapshot,
  measurement,
  type AdminSnapshot,
  type Measurement,
} from '../../shared/protocol/admin.ts';
import { OtherFormatError, systemErrorMessage, StoreError } from './errors.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.ts';

/** Everything that a run needs to go on from one commit. */
export interface Checkpoint {
  /** Commit records of any type. */
  version: number;
  /** Commit records that made updates part of the model. */
  updates: number;
  /** Samples trained on. */
  samples: number;
  /** Seconds since the first lease of the run. */
  seconds: number;
  /** The run's settings; kept as JSON. */
  settings: AdminSnapshot['settings'];
  model: ModelSpec;
  /** The flat parameter vector, in the order of the model's layout. */
  parameters: Float32Array;
  /** The server optimizer's state: vectors as long as the parameters, and numbers. */
  optimizer: { slots: Record<string, Float32Array>; scalars: Record<string, number> };
  /** Of a release that had no rows for them. */
  measurements?: Measurement[] | undefined;
  /** ISO 8601. */
  savedAt: string;
}

/** Raised when what a file holds changes; a reader refuses what it does not know. */
const FORMAT = '1';
const SLOT = /^\w+$/;
const count = z.int().check(z.minimum(0));
const BLANK_CHECKSUM = '0'.repeat(64);
/** Unique in a file: within a JSON string its quotes would be escaped. */
const CHECKSUM_MARK = Buffer.from('"sha256":"');

/** `__metadata__` once its values are parsed: each is JSON but for the strings. */
const facts = z.strictObject({
  version: count,
  /** Absent in a file of before there were other records. */
  updates: z.optional(count),
  samples: count,
  seconds: z.number(),
  settings: adminSnapshot.shape.settings,
  model: z.unknown(),
  scalars: z.record(z.string(), z.number()),
  measurements: z.optional(z.array(measurement)),
  savedAt: z.iso.datetime(),
  modelHash: z.string(),
});
type Facts = z.infer<typeof facts>;

/**
 * Encodes a checkpoint as one safetensors file: the parameters as the layout's tensors, the optimizer's slots
 * as `optimizer.<slot>/<tensor>`, the rest as strings in `__metadata__` [CK3].
 * @throws {StoreError} where it could not be loaded again: a vector of the wrong length, a number not finite.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { version, updates, samples, seconds, settings, model, parameters, optimizer, savedAt } = checkpoint;
  const layout = layoutOf(model);
  const tensors = named(layout, parameters, '');
  for (const [slot, values] of Object.entries(optimizer.slots)) {
    if (!SLOT.test(slot))
      throw new StoreError(`checkpoint: ${JSON.stringify(slot)} cannot name an optimizer slot`);
    tensors.push(...named(layout, values, `optimizer.${slot}/`));
  }
  const known = checkFacts({
    version,
    updates,
    samples,
    seconds,
    settings,
    model,
    scalars: optimizer.scalars,
    savedAt,
    modelHash: modelHash(parameters),
  });
  const metadata = { format: FORMAT, sha256: BLANK_CHECKSUM, ...stringify(known) };
  const bytes = encodeSafetensors({ tensors, metadata });
  bytes.set(Buffer.from(checksum(bytes)), checksumOffset(bytes));
  return bytes;
}

/**
 * Decodes {@link encodeCheckpoint}'s bytes, after everything in them was found right [CK4].
 * @throws {StoreError} naming the fault.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, sha256, ...strings } = metadata;
  if (format === undefined || sha256 === undefined)
    throw new StoreError('this is not a checkpoint of Tabswarm');
  if (format !== FORMAT)
    throw new OtherFormatError(`checkpoint format ${format}: this release reads format ${FORMAT}`);
  const found = checksum(bytes);
  if (found !== sha256)
    throw new StoreError(`the file is altered: expected SHA-256 ${sha256}, found ${found}`);

  const { scalars, modelHash: hash, ...rest } = checkFacts(parse(strings));
  const model = modelOf(rest.model);
  const { parameters, slots } = assemble(layoutOf(model), tensors);
  if (modelHash(parameters) !== hash) throw new StoreError(`the parameters do not have model hash ${hash}`);
  return { ...rest, updates: rest.updates ?? rest.version, model, parameters, optimizer: { slots, scalars } };
}

/** SHA-256, in hex, over the whole file with zeros in the checksum's own place. */
function checksum(bytes: Uint8Array): string {
  const offset = checksumOffset(bytes);
  return createHash('sha256')
    .update(bytes.subarray(0, offset))
    .update(BLANK_CHECKSUM)
    .update(bytes.subarray(offset + BLANK_CHECKSUM.length))
    .digest('hex');
}

function checksumOffset(bytes: Uint8Array): number {
  const mark = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(CHECKSUM_MARK);
  if (mark < 0) throw new StoreError('this is not a checkpoint of Tabswarm: it has no checksum');
  return mark + CHECKSUM_MARK.length;
}

function checkFacts(values: unknown): Facts {
  const parsed = facts.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new StoreError(`checkpoint: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}

function stringify(known: Facts): Record<string, string> {
  const strings = Object.entries(known).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(strings) as Record<string, string>;
}

function parse({ savedAt, modelHash: hash, ...json }: Record<string, string>): Record<string, unknown> {
  const values = Object.entries(json).map(([key, text]): [string, unknown] => {
    try {
      return [key, JSON.parse(text)];
    } catch (error) {
      throw new StoreError(`checkpoint: ${key}: ${systemErrorMessage(error)}`, { cause: error });
    }
  });
  return { ...Object.fromEntries(values), savedAt, modelHash: hash };
}

function modelOf(declaration: unknown): ModelSpec {
  try {
    return parseModelSpec(declaration);
  } catch (error) {
    throw new StoreError(`checkpoint: ${systemErrorMessage(error)}`, { cause: error });
  }
}

/** A flat vector as the layout's tensors: views of it. */
function named(layout: ParameterLayout, vector: Float32Array, prefix: string): Tensor[] {
  if (vector.length !== layout.length) {
    const what = prefix === '' ? 'parameters' : prefix.slice(0, -1);
    throw new StoreError(`checkpoint: ${what}: ${vector.length} values, the model has ${layout.length}`);
  }
  return layout.tensors.map(({ name, shape, offset, length }) => ({
    name: prefix + name,
    shape,
    values: vector.subarray(offset, offset + length),
  }));
}

/** The inverse of {@link named}: every tensor in its place, none missing and none besides. */
function assemble(layout: ParameterLayout, tensors: Tensor[]) {
  const places = new Map(layout.tensors.map((tensor) => [tensor.name, tensor]));
  const vectors = new Map([['', new Float32Array(layout.length)]]);
  for (const { name, shape, values } of tensors) {
    const [, slot = '', tensor = ''] = /^(?:optimizer\.(\w+)\/)?(.*)$/s.exec(name) ?? [];
    const place = places.get(tensor);
    if (place?.shape.join() !== shape.join()) {
      throw new StoreError(`checkpoint: tensor ${name} with shape [${shape.join(', ')}] is not of the model`);
    }
    const vector = vectors.get(slot) ?? new Float32Array(layout.length);
    vector.set(values, place.offset);
    vectors.set(slot, vector);
  }
  if (tensors.length !== vectors.size * layout.tensors.length)
    throw new StoreError('checkpoint: tensors are missing');
  const { '': parameters, ...slots } = Object.fromEntries(vectors);
  return { parameters: parameters ?? new Float32Array(0), slots };
}
