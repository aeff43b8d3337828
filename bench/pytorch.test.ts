import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gatherBatch } from '../client/engines/batch.ts';
import { relativeError } from '../client/engines/reference.ts';
import { noiseShard } from '../client/engines/testing/contract.ts';
import { CONTRACT_SPECS } from '../client/engines/testing/specs.ts';
import { createWasmEngine } from '../shared/engine/wasm/engine.ts';
import { initialParameters } from '../shared/model/initialise.ts';
import { layoutOf } from '../shared/model/layout.ts';
import { missingModule, referenceLines } from './reference/python.ts';

const TOLERANCE = 1e-5;
const missing = await missingModule('torch');

it.skipIf(missing !== null)(
  `[EN3] the fused WebAssembly engine has PyTorch's gradient within ${TOLERANCE}${missing === null ? '' : `: ${missing}`}`,
  async () => {
    const tasks = CONTRACT_SPECS.map((spec) => {
      const shard = noiseShard(spec, 4, 5);
      const parameters = initialParameters(spec, 3);
      return { spec, shard, parameters, order: Uint32Array.of(3, 0, 2) };
    });
    const folder = await mkdtemp(join(tmpdir(), 'tabswarm-torch-'));
    const file = join(folder, 'tasks.jsonl');
    const lines = tasks.map(({ spec, shard, parameters, order }) => {
      const { images, labels } = gatherBatch(shard, order, spec.normalise);
      const [flat, pixels, classes] = [parameters, images, labels].map((values) => Array.from(values));
      return JSON.stringify({ spec, parameters: flat, images: pixels, labels: classes });
    });
    await writeFile(file, lines.join('\n'));
    const answers = await referenceLines('torch_gradient.py', [file]);
    await rm(folder, { recursive: true });
    expect(answers).toHaveLength(tasks.length);
    for (const [index, { spec, shard, parameters, order }] of tasks.entries()) {
      const expected = answers[index] as { loss: number; gradient: number[] };
      const engine = await createWasmEngine(spec);
      await engine.hold(shard);
      const { gradient, loss } = await engine.gradient(parameters, order);
      expect(loss).toBeCloseTo(expected.loss, 5);
      for (const tensor of layoutOf(spec).tensors) {
        const error = relativeError(tensor, gradient, Float32Array.from(expected.gradient));
        expect(error, `${spec.name} ${tensor.name}`).toBeLessThan(TOLERANCE);
      }
    }
  },
  120_000,
);
