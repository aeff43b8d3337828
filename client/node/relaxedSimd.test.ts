import { expect, it } from 'vitest';
import { wasmCandidate } from '../engines/supply.ts';
import { lenet } from '../../server/zoo/lenet.ts';
import { engineContract } from '../engines/testing/contract.ts';
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

it('[EN9] the engine of WebAssembly is strict where a run asks for that, whatever the machine can', async () => {
  allowRelaxedSimd();
  const strict = await wasmCandidate.load(lenet.spec, 'strict');
  const fastest = await wasmCandidate.load(lenet.spec, 'fastest');
  expect([strict.detail, fastest.detail]).toEqual(['SIMD', 'SIMD, relaxed']);
});
