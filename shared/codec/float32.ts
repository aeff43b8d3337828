import type { Codec } from './codec.ts';

/** Whether this machine's typed arrays already have the wire's byte order. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * The bytes of a float32 vector, little-endian. A view of the same memory on a little-endian machine.
 */
export function encodeFloat32(values: Float32Array): Uint8Array {
  if (LITTLE_ENDIAN) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return bytes;
}

/**
 * The float32 vector of little-endian bytes, always a copy: a Node Buffer lies at any offset, and the caller
 * may keep what it gets.
 * @throws {RangeError} when the length is not a multiple of 4.
 */
export function decodeFloat32(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % 4 !== 0) throw new RangeError('a float32 payload is a multiple of 4 bytes');
  // Not bytes.slice(): of a Node Buffer that is a view.
  if (LITTLE_ENDIAN) return new Float32Array(new Uint8Array(bytes).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

/** Four bytes a value, as they are. */
export const float32: Codec = {
  wireNumber: 1,
  help: 'as computed, bit-identical',
  maxPayload: (length) => 4 * length,
  encode: encodeFloat32,
  decode: (bytes, length) => (bytes.byteLength === 4 * length ? decodeFloat32(bytes) : null),
};
