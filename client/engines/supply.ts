import type { Engine } from '../../shared/engine/engine.ts';
import { WASM_ARITHMETIC } from '../../shared/engine/wasm/arithmetic.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import type { Arithmetic, EngineName } from '../../shared/profile/profile.ts';

/** An engine that may be had here. */
export interface Candidate {
  name: EngineName;
  /** @throws {Error} where it cannot be had after all. */
  load: (spec: ModelSpec, arithmetic: Arithmetic) => Promise<Engine>;
}

/** Where a device gets its engines from. */
export interface EngineSupply {
  /** Those of our own, the first to try first. */
  fused: Candidate[];
  /** The backends of tfjs that are here, best first. Asking fetches nothing but what tells. */
  tfjs(): Promise<Candidate[]>;
}

/** What every device has that has WebAssembly. */
export const wasmCandidate: Candidate = {
  name: 'wasm',
  load: (spec, arithmetic) => createWasmEngine(spec, WASM_ARITHMETIC[arithmetic]),
};
