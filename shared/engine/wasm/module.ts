import { flatten, list, name, sized, unsigned, type Code } from './encoding.ts';
import { i32 } from './instructions.ts';

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';
const TYPE_CODES: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** A local variable or parameter of a function. */
export interface Local {
  get: Code;
  set: (value: Code) => Code;
}

/** Hands out the locals of one function. */
export class Locals {
  readonly types: ValueType[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** A new variable, zero when the function begins. */
  add(type: ValueType): Local {
    return localAt(this.#parameters + this.types.push(type) - 1);
  }

  /** This many new variables. */
  several(type: ValueType, count: number): Local[] {
    return Array.from({ length: count }, () => this.add(type));
  }
}

function localAt(index: number): Local {
  return { get: [0x20, unsigned(index)], set: (value) => [value, 0x21, unsigned(index)] };
}

/** Adds a constant to a pointer. */
export const advance = (pointer: Local, bytes: number): Code =>
  bytes === 0 ? [] : pointer.set(i32.add(pointer.get, i32.constant(bytes)));

/** Runs the body `count` times, at least once; counts down in `counter`. */
export function repeat(counter: Local, count: Code, body: Code): Code {
  const step = counter.set(i32.sub(counter.get, i32.constant(1)));
  // loop body; counter -= 1; br_if 0 on counter end
  return [counter.set(count), 0x03, 0x40, body, step, counter.get, 0x0d, 0, 0x0b];
}

/** {@link repeat} a constant number of times; once is no loop, never is nothing. */
export function times(locals: Locals, count: number, body: Code): Code {
  if (count < 1) return [];
  return count === 1 ? body : repeat(locals.add('i32'), i32.constant(count), body);
}

/**
 * Runs the parts one after the other with a branch between them that leaves where `never` is not zero: what V8
 * takes for separate stretches of code, though the branch is never taken.
 */
export function apart(parts: readonly Code[], never: Code): Code {
  const [first = [], ...rest] = parts;
  // block first; br_if 0 on never; second; ... end
  return rest.length === 0 ? first : [0x02, 0x40, first, rest.map((part) => [never, 0x0d, 0, part]), 0x0b];
}

interface FunctionType {
  parameters: readonly ValueType[];
  result: ValueType | null;
}

/** Puts one WebAssembly module together: imported functions, own functions, one imported memory. */
export class ModuleBuilder {
  readonly #types: Code[] = [];
  readonly #imports: Code[] = [];
  readonly #functions: { type: number; body: Code }[] = [];
  readonly #exports: Code[] = [];
  #imported = 0;

  /** @param pages of 64 KiB that the memory has at least. */
  constructor(pages: number) {
    this.#imports.push([name('host'), name('memory'), 0x02, 0x00, unsigned(pages)]);
  }

  /** Imports `host.<import>`; before the first {@link add}. Gives its index for calls. */
  import(imported: string, type: FunctionType): number {
    this.#imports.push([name('host'), name(imported), 0x00, unsigned(this.#type(type))]);
    return this.#imported++;
  }

  /** Adds a function; `write` gets its parameters and locals and gives its body. Gives its index for calls. */
  add(type: FunctionType, write: (locals: Locals, ...parameters: Local[]) => Code): number {
    const locals = new Locals(type.parameters.length);
    const code = write(locals, ...type.parameters.map((_, index) => localAt(index)));
    const declared = list(locals.types.map((each) => [1, TYPE_CODES[each]]));
    this.#functions.push({ type: this.#type(type), body: sized([declared, code, 0x0b]) });
    return this.#imported + this.#functions.length - 1;
  }

  export(exported: string, index: number): void {
    this.#exports.push([name(exported), 0x00, unsigned(index)]);
  }

  build(): Uint8Array<ArrayBuffer> {
    const section = (id: number, items: readonly Code[]) => [id, sized(list(items))];
    const magic = [0x00, 0x61, 0x73, 0x6d];
    const version = [0x01, 0x00, 0x00, 0x00];
    return Uint8Array.from(
      flatten([
        magic,
        version,
        section(1, this.#types),
        section(2, this.#imports),
        section(
          3,
          this.#functions.map(({ type }) => unsigned(type)),
        ),
        section(7, this.#exports),
        section(
          10,
          this.#functions.map(({ body }) => body),
        ),
      ]),
    );
  }

  #type({ parameters, result }: FunctionType): number {
    const codes = (types: readonly ValueType[]) => list(types.map((type) => [TYPE_CODES[type]]));
    this.#types.push([0x60, codes(parameters), codes(result === null ? [] : [result])]);
    return this.#types.length - 1;
  }
}
