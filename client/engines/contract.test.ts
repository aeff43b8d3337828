import { layoutOf } from '../../shared/model/layout.ts';
import { describe, expect, it } from 'vitest';
import { unitOrder } from '../../shared/engine/unit.ts';
import { thorough } from '../../shared/testing/thorough.ts';
import { DataMisfitError } from '../../shared/engine/data.ts';
import { relativeError } from './reference.ts';
import { engineContract, noiseShard } from './testing/contract.ts';
import { CONTRACT_SPECS, QUICK_SPECS } from './testing/specs.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { createTfjsEngine } from './tfjs.ts';

const tfjs = (spec: ModelSpec) =>
  createTfjsEngine(spec, { name: 'tfjs-cpu', detail: 'test', software: false });

engineContract('the fused WebAssembly engine', (spec) => createWasmEngine(spec, { relaxed: false }), {
  long: true,
});
engineContract('tfjs on the CPU', tfjs, { long: false, specs: thorough ? CONTRACT_SPECS : QUICK_SPECS });

describe.each(CONTRACT_SPECS.map((spec) => [spec.name, spec] as const))(
  'the fused WebAssembly engine beside tfjs, %s',
  (_name, spec) => {
    it('[EN3] has its gradient and its loss', async () => {
      const shard = noiseShard(spec, 2, 6);
      const parameters = initialParameters(spec, 4);
      const [wasm, other] = await Promise.all([createWasmEngine(spec), tfjs(spec)]);
      await Promise.all([wasm.hold(shard), other.hold(shard)]);
      const order = Uint32Array.of(1, 0);
      const ours = await wasm.gradient(parameters, order);
      const theirs = await other.gradient(parameters, order);
      other.dispose();
      expect(ours.loss).toBeCloseTo(theirs.loss, 4);
      for (const tensor of layoutOf(spec).tensors) {
        expect(relativeError(tensor, ours.gradient, theirs.gradient), tensor.name).toBeLessThan(1e-4);
      }
    });
  },
);

describe('the fused WebAssembly engine', () => {
  it('[EN3] gives the same bytes for the same unit on every device', async () => {
    for (const spec of CONTRACT_SPECS) {
      const shard = noiseShard(spec, 8, 2);
      const parameters = initialParameters(spec, 9);
      const deltas = await Promise.all(
        [1, 2].map(async () => {
          const engine = await createWasmEngine(spec, { relaxed: false });
          await engine.hold(shard);
          const local = { batch: 4, lr: 0.05, momentum: 0.5 };
          return (await engine.train(parameters, unitOrder(3, 0, 8, 16), local)).delta;
        }),
      );
      expect(deltas[0]).toEqual(deltas[1]);
    }
  });

  it('refuses what does not fit the model, and goes on', async () => {
    const [spec] = CONTRACT_SPECS;
    if (spec === undefined) throw new Error('there are models');
    const engine = await createWasmEngine(spec);
    const parameters = initialParameters(spec, 1);
    await expect(engine.evaluate(parameters)).rejects.toThrow('no data shard');
    await expect(engine.gradient(parameters, Uint32Array.of(0))).rejects.toThrow('does not have');
    const misfit = engine.hold({ ...noiseShard(spec, 1, 1), shape: [9, 9, 1] });
    await expect(misfit).rejects.toThrow(DataMisfitError);
    await engine.hold(noiseShard(spec, 3, 1));
    await expect(engine.gradient(parameters, Uint32Array.of(3))).rejects.toThrow('does not have');
    await expect(engine.gradient(new Float32Array(3), Uint32Array.of(0))).rejects.toThrow('3 parameters');
    const fresh = await createWasmEngine(spec);
    await fresh.hold(noiseShard(spec, 3, 1));
    expect(await engine.evaluate(parameters)).toEqual(await fresh.evaluate(parameters));
  });
});
