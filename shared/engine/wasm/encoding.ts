/* The WebAssembly binary format (W3C, WebAssembly Core Specification 2.0, chapter 5): numbers and sections. */

/** Bytes, nested as they were put together; {@link flatten} lays them out. */
export type Code = readonly (number | Code)[];

/** @returns the bytes of nested code, in order. */
export function flatten(code: Code, into: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') into.push(part);
    else flatten(part, into);
  }
  return into;
}

/** LEB128 of a whole number that is not negative. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

/** LEB128 of a 32-bit integer with its sign. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const last = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(last ? byte : byte | 0x80);
    if (last) return bytes;
  }
}

export function float32Bytes(value: number): number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)];
}

export function float64Bytes(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

/** A vector: how many, then each. */
export function list(items: readonly Code[]): Code {
  return [unsigned(items.length), ...items];
}

/** A name: its bytes, counted. The project's names are ASCII. */
export function name(text: string): Code {
  return list(Array.from({ length: text.length }, (_, index) => [text.charCodeAt(index)]));
}

/** Code preceded by its size in bytes. */
export function sized(code: Code): Code {
  const bytes = flatten(code);
  return [unsigned(bytes.length), bytes];
}
