import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowRelaxedSimd } from '../../client/node/relaxedSimd.ts';
import { decodeDataShard, encodeDataShard, type DataShard } from '../../shared/dataset/dataShard.ts';
import { computeUpdate, orderOf } from '../../shared/engine/unit.ts';
import { createWasmEngine } from '../../shared/engine/wasm/engine.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import { createGenerator } from '../../shared/random/generator.ts';
import type { WorkUnit } from '../../shared/protocol/messages.ts';
import { machineClock } from '../app/machineTime.ts';
import type { AuditTask } from '../core/run/recomputation.ts';
import { rayConvnet } from '../zoo/ray-convnet.ts';
import { Auditor } from './auditor.ts';

const { spec } = rayConvnet;
const SAMPLES = 40;
const base = initialParameters(spec, 1);

/** Data shard of images of noise. */
function noise(seed: number): DataShard {
  const generator = createGenerator(seed);
  const pixels = spec.input[0] * spec.input[1] * spec.input[2];
  const images = Uint8Array.from({ length: SAMPLES * pixels }, () => generator.below(256));
  const labels = Uint8Array.from({ length: SAMPLES }, () => generator.below(10));
  return { samples: SAMPLES, shape: spec.input, images, labels };
}

const dataShards = [1, 2].map((seed, index) => ({ index, bytes: encodeDataShard(noise(seed)) }));
const unitOf = (index: number, local: WorkUnit['local']): WorkUnit => ({
  dataShard: { index, path: '', samples: SAMPLES },
  seed: 9,
  start: 70,
  batch: 4,
  local,
});
const LOCAL = { steps: 12, lr: 0.05, momentum: 0.5 };

/** What an honest device with strict arithmetic pushes. */
async function honest(unit: WorkUnit): Promise<Float32Array> {
  const engine = await createWasmEngine(spec, { relaxed: false });
  const bytes = dataShards[unit.dataShard.index]?.bytes;
  if (bytes === undefined) throw new Error('there is no such data shard');
  return computeUpdate(engine, unit, base, decodeDataShard(bytes), orderOf(unit, SAMPLES));
}

async function taskOf(unit: WorkUnit): Promise<AuditTask> {
  return { unit, base, update: await honest(unit), arithmetics: ['strict'] };
}

let auditor: Auditor;
beforeAll(() => {
  allowRelaxedSimd();
  auditor = new Auditor(spec, dataShards, machineClock);
});
afterAll(() => auditor.close());

describe('Auditor', () => {
  it('[AT3] comes to the same bits as a strict device, for gradients and local steps of any data shard', async () => {
    for (const unit of [unitOf(0, null), unitOf(1, LOCAL), unitOf(0, LOCAL)]) {
      expect(await auditor.recompute(await taskOf(unit))).toMatchObject({ relative: 0, cosine: 1 });
    }
  });

  it('[AT3] computes with the arithmetic that it is told, and says what it took', async () => {
    const task = await taskOf(unitOf(1, LOCAL));
    const { relative, cosine, spread, milliseconds } = await auditor.recompute({
      ...task,
      arithmetics: ['fastest'],
    });
    expect(spread).toBe(0);
    expect(relative).toBeGreaterThan(0);
    expect(relative).toBeLessThan(1e-3);
    expect(cosine).toBeCloseTo(1, 5);
    expect(milliseconds).toBeGreaterThan(0);
  });

  it('[AT3] computes once with each arithmetic, and says how far its results are from each other', async () => {
    const task = await taskOf(unitOf(1, LOCAL));
    const one = await auditor.recompute({ ...task, arithmetics: ['fastest'] });
    const both = await auditor.recompute({ ...task, arithmetics: ['fastest', 'strict'] });
    expect(both).toMatchObject({ relative: 0, cosine: 1 });
    expect(both.spread).toBeCloseTo(one.relative, 9);
  });

  it('[AT3] finds what is not the update of the unit', async () => {
    const task = await taskOf(unitOf(0, LOCAL));
    const other = await honest(unitOf(1, LOCAL));
    const flipped = task.update.map((value) => -value);
    expect(await auditor.recompute({ ...task, update: flipped })).toMatchObject({ relative: 2, cosine: -1 });
    expect((await auditor.recompute({ ...task, update: other })).relative).toBeGreaterThan(0.3);
  });

  it('[AT4] a unit that cannot be computed ends neither the process nor the next audit', async () => {
    const task = await taskOf(unitOf(0, null));
    await expect(auditor.recompute({ ...task, base: new Float32Array(3) })).rejects.toThrow('3 parameters');
    await expect(auditor.recompute({ ...task, unit: unitOf(7, null) })).rejects.toThrow('no data shard 7');
    expect(await auditor.recompute(task)).toMatchObject({ relative: 0, cosine: 1 });
  });

  it('[AT3] computes one unit after another where several are asked for at once', async () => {
    const task = await taskOf(unitOf(0, null));
    const all = await Promise.all([task, task, task].map((each) => auditor.recompute(each)));
    expect(all.map(({ relative }) => relative)).toEqual([0, 0, 0]);
  });

  it('[AT4] a unit that is under way when the auditor is closed is told of', async () => {
    const closed = new Auditor(spec, dataShards, machineClock);
    const recomputing = closed.recompute(await taskOf(unitOf(0, LOCAL)));
    const told = expect(recomputing).rejects.toThrow('the audit thread was closed');
    await closed.close();
    await told;
  });
});
