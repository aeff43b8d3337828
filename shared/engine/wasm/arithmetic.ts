import type { Arithmetic } from '../../profile/profile.ts';
import type { WasmOptions } from './engine.ts';

/** How the WebAssembly engine is made for the arithmetic that a run asks for. */
export const WASM_ARITHMETIC: Record<Arithmetic, WasmOptions> = {
  strict: { relaxed: false },
  fastest: {},
};
