import { engineContract } from '../../shared/engine/testing/contract.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { allowRelaxedSimd } from './relaxedSimd.ts';

engineContract(
  'the fused WebAssembly engine with relaxed SIMD, in Node',
  (spec) => {
    allowRelaxedSimd();
    return createWasmEngine(spec, { relaxed: true });
  },
  { long: true },
);
