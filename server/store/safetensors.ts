import { decodeFloat32, encodeFloat32 } from '../../shared/codec/float32.ts';
import { systemErrorMessage, StoreError } from './errors.ts';

/*
 * The safetensors format (github.com/huggingface/safetensors): u64 header length, little-endian; the header,
 * JSON that maps each tensor's name to dtype, shape and byte range, padded with spaces; the tensors' bytes.
 */

export interface Tensor {
  name: string;
  shape: number[];
  /** As many elements as the shape has. */
  values: Float32Array;
}

/** What a file holds: float32 tensors, and strings about them. */
export interface Safetensors {
  /** In the order of their bytes. */
  tensors: Tensor[];
  metadata: Record<string, string>;
}

const METADATA = '__metadata__';
const LENGTH_BYTES = 8;
/** Tensors begin at multiples of this many bytes, so that a reader may map them. */
const ALIGNMENT = 8;
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Encodes tensors, in their order, and metadata as one file [CK1].
 * @throws {StoreError} where a shape does not fit its values or a name is taken.
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const entries: [string, unknown][] = [[METADATA, metadata]];
  const names = new Set([METADATA]);
  let length = 0;
  for (const { name, shape, values } of tensors) {
    if (names.has(name)) throw new StoreError(`tensor ${name}: the name is taken`);
    if (elements(shape) !== values.length) {
      throw new StoreError(`tensor ${name}: ${values.length} values do not fill shape [${shape.join(', ')}]`);
    }
    names.add(name);
    entries.push([name, { dtype: 'F32', shape, data_offsets: [length, length + values.byteLength] }]);
    length += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const start = Math.ceil((LENGTH_BYTES + json.length) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(start + length).fill(0x20, LENGTH_BYTES, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  bytes.set(json, LENGTH_BYTES);
  let offset = start;
  for (const { values } of tensors) {
    bytes.set(encodeFloat32(values), offset);
    offset += values.byteLength;
  }
  return bytes;
}

/**
 * Decodes a file of float32 tensors, copying them, and checks everything the format promises: lengths, types,
 * shapes, and that the tensors fill the rest of the file without gap or overlap [CK2].
 * @throws {StoreError} naming what is wrong.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, body } = split(bytes);
  const { [METADATA]: strings, ...described } = header;
  const ranges = Object.entries(described)
    .map(([name, description]) => parseDescription(name, description))
    .sort((one, other) => one.begin - other.begin || one.end - other.end);
  let expected = 0;
  for (const { name, begin, end } of ranges) {
    if (begin !== expected) {
      const fault = begin < expected ? 'overlaps the one before it' : 'leaves a gap after the one before it';
      throw new StoreError(`tensor ${name}: begins at byte ${begin} and ${fault}, which ends at ${expected}`);
    }
    expected = end;
  }
  if (expected !== body.length) {
    throw new StoreError(`the tensors take ${expected} bytes, but the file has ${body.length} for them`);
  }
  return {
    tensors: ranges.map(({ name, shape, begin, end }) => ({
      name,
      shape,
      values: decodeFloat32(body.subarray(begin, end)),
    })),
    metadata: parseMetadata(strings),
  };
}

function split(bytes: Uint8Array): { header: Record<string, unknown>; body: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) {
    throw new StoreError(`the file ends in the header's length: it has ${bytes.length} bytes`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  const rest = bytes.length - LENGTH_BYTES;
  if (length > Math.min(rest, MAX_HEADER_BYTES)) {
    throw new StoreError(`the header claims ${length.toString()} bytes, but ${rest} follow`);
  }
  const start = LENGTH_BYTES + Number(length);
  // Not a Buffer, even where `bytes` is one: a Buffer's slice() is a view, not the copy that decoding makes.
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  return { header: parseHeader(bytes.subarray(LENGTH_BYTES, start)), body };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new StoreError(`the header is not JSON: ${systemErrorMessage(error)}`, { cause: error });
  }
  if (!isRecord(header)) throw new StoreError('the header is not a JSON object');
  return header;
}

interface Range {
  name: string;
  shape: number[];
  /** Bytes from the end of the header. */
  begin: number;
  end: number;
}

function parseDescription(name: string, description: unknown): Range {
  if (!isRecord(description)) throw new StoreError(`tensor ${name}: is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = description;
  if (dtype !== 'F32') throw new StoreError(`tensor ${name}: dtype ${JSON.stringify(dtype)} is not "F32"`);
  if (!isCounts(shape)) throw new StoreError(`tensor ${name}: shape is not a list of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new StoreError(`tensor ${name}: data_offsets are not two whole numbers`);
  }
  const [begin = 0, end = 0] = offsets;
  if (end - begin !== 4 * elements(shape)) {
    throw new StoreError(`tensor ${name}: bytes ${begin} to ${end} do not fit shape [${shape.join(', ')}]`);
  }
  return { name, shape, begin, end };
}

function parseMetadata(strings: unknown): Record<string, string> {
  if (strings === undefined) return {};
  const isStrings = isRecord(strings) && Object.values(strings).every((value) => typeof value === 'string');
  if (!isStrings) throw new StoreError(`${METADATA} is not an object of strings`);
  return strings as Record<string, string>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

function elements(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
