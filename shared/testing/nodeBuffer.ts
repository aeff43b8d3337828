/** What tests need of Node's Buffer: shared/ itself is compiled without Node's types. */
declare const Buffer: { alloc(size: number): Uint8Array<ArrayBuffer> };

/**
 * A copy of `bytes` in a Node Buffer that begins at `offset` of its memory, as socket.io hands them out. Its
 * `slice` is a view, unlike that of any other Uint8Array.
 */
export function nodeBuffer(bytes: Uint8Array, offset: number): Uint8Array<ArrayBuffer> {
  const memory = Buffer.alloc(offset + bytes.length);
  memory.set(bytes, offset);
  return memory.subarray(offset);
}
