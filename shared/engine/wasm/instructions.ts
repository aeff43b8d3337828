import { float32Bytes, float64Bytes, signed, unsigned, type Code } from './encoding.ts';

/*
 * The instructions that the kernels use, as functions from operands to code: an expression in TypeScript is the
 * expression in WebAssembly. A `memory operand` is an address and a constant offset in bytes.
 */

const unary =
  (opcode: Code) =>
  (value: Code): Code => [value, opcode];
const binary =
  (opcode: Code) =>
  (left: Code, right: Code): Code => [left, right, opcode];

/** Alignment is a hint; 0 promises nothing. */
const memory = (opcode: Code, alignment: number, offset: number): Code => [
  opcode,
  unsigned(alignment),
  unsigned(offset),
];
const load =
  (opcode: Code, alignment: number) =>
  (address: Code, offset = 0): Code => [address, memory(opcode, alignment, offset)];
const store =
  (opcode: Code, alignment: number) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, memory(opcode, alignment, offset)];

/** A SIMD instruction by its number. */
const simd = (number: number): Code => [0xfd, unsigned(number)];
const lane =
  (number: number) =>
  (value: Code, index: number): Code => [value, simd(number), index];

export const i32 = {
  constant: (value: number): Code => [0x41, signed(value)],
  add: binary([0x6a]),
  sub: binary([0x6b]),
  mul: binary([0x6c]),
  shiftLeft: binary([0x74]),
  shiftRightUnsigned: binary([0x76]),
  isZero: unary([0x45]),
  lessUnsigned: binary([0x49]),
  /** 1 where the value is not negative. */
  notNegative: (value: Code): Code => [value, 0x41, 0, 0x4e],
  isNegative: (value: Code): Code => [value, 0x41, 0, 0x48],
  load: load([0x28], 2),
  loadByte: load([0x2d], 0),
  store: store([0x36], 2),
};

export const f32 = {
  constant: (value: number): Code => [0x43, float32Bytes(value)],
  add: binary([0x92]),
  sub: binary([0x93]),
  mul: binary([0x94]),
  div: binary([0x95]),
  max: binary([0x97]),
  ofI32: unary([0xb3]),
  equal: binary([0x5b]),
  greater: binary([0x5e]),
  load: load([0x2a], 2),
  store: store([0x38], 2),
};

export const f64 = {
  constant: (value: number): Code => [0x44, float64Bytes(value)],
  add: binary([0xa0]),
  sub: binary([0xa1]),
  ofF32: unary([0xbb]),
};

export const v128 = {
  constantF32: (value: number): Code => {
    const bytes = float32Bytes(value);
    return [simd(0x0c), bytes, bytes, bytes, bytes];
  },
  constantI32: (...lanes: [number, number, number, number]): Code => [
    simd(0x0c),
    ...new Uint8Array(Int32Array.of(...lanes).buffer),
  ],
  load: load(simd(0x00), 2),
  store: store(simd(0x0b), 2),
  /** Eight bytes as eight 16-bit lanes, zero-extended. */
  loadBytes: load(simd(0x02), 0),
  /** One 32-bit value in all lanes. */
  loadSplat: load(simd(0x09), 2),
  and: binary(simd(0x4e)),
  /** Bits of the first that the second does not have. */
  andNot: binary(simd(0x4f)),
  or: binary(simd(0x50)),
  /** The first where the mask has ones, else the second. */
  select: (first: Code, second: Code, mask: Code): Code => [first, second, mask, simd(0x52)],
};

export const f32x4 = {
  splat: unary(simd(0x13)),
  lane: lane(0x1f),
  greater: binary(simd(0x44)),
  lessOrEqual: binary(simd(0x45)),
  nearest: unary(simd(0x6a)),
  add: binary(simd(0xe4)),
  sub: binary(simd(0xe5)),
  mul: binary(simd(0xe6)),
  div: binary(simd(0xe7)),
  max: binary(simd(0xe9)),
  ofI32: unary(simd(0xfa)),
  /** first x second + third, rounded once or twice as the machine has it. */
  relaxedMulAdd: (first: Code, second: Code, third: Code): Code => [first, second, third, simd(0x105)],
};

export const i32x4 = {
  splat: unary(simd(0x11)),
  lane: lane(0x1b),
  add: binary(simd(0xae)),
  shiftLeft: (value: Code, bits: number): Code => [value, i32.constant(bits), simd(0xab)],
  ofF32: unary(simd(0xf8)),
  /** Of eight unsigned 16-bit lanes, the first four. */
  lowOfU16: unary(simd(0xa9)),
  highOfU16: unary(simd(0xaa)),
};

/** Sets bytes of memory to zero. */
export const clearMemory = (address: number, bytes: number): Code => [
  i32.constant(address),
  i32.constant(0),
  i32.constant(bytes),
  [0xfc, 11, 0],
];

export const call = (index: number, ...operands: Code[]): Code => [operands, 0x10, unsigned(index)];

/** Runs the code where the condition is not zero. */
export const when = (condition: Code, body: Code): Code => [condition, 0x04, 0x40, body, 0x0b];

/** Runs one of two chunks of code. */
export const either = (condition: Code, then: Code, otherwise: Code): Code => [
  condition,
  [0x04, 0x40],
  then,
  0x05,
  otherwise,
  0x0b,
];

/** The first value where the condition is not zero, else the second; both are computed. */
export const pick = (first: Code, second: Code, condition: Code): Code => [first, second, condition, 0x1b];

/** first x second + third, in every lane. */
export type MulAdd = (first: Code, second: Code, third: Code) => Code;

/** Rounded after each operation: the same bits on every machine. */
export const mulThenAdd: MulAdd = (first, second, third) => f32x4.add(f32x4.mul(first, second), third);
