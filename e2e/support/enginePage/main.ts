import { browserSupply } from '../../../client/engines/browser.ts';
import type { DataShard } from '../../../shared/dataset/dataShard.ts';
import type { Engine, LocalTraining } from '../../../shared/engine/engine.ts';
import type { Arithmetic } from '../../../shared/profile/profile.ts';
import type { ModelSpec } from '../../../shared/model/spec.ts';

/* What a test calls in the page: arrays come and go as plain lists. */

const engines = new Map<number, Engine>();
const of = (id: number): Engine => {
  const engine = engines.get(id);
  if (engine === undefined) throw new Error(`no engine ${id}`);
  return engine;
};

/** Dispatches and read-backs of the calls since it was last set to zero. */
const counted = { dispatches: 0, reads: 0 };
function countCalls(): void {
  if (typeof GPUComputePassEncoder === 'undefined') return;
  const { prototype: pass } = GPUComputePassEncoder;
  const { prototype: buffer } = GPUBuffer;
  const { dispatchWorkgroups: dispatch } = Object.getOwnPropertyDescriptors(pass);
  const { mapAsync: map } = Object.getOwnPropertyDescriptors(buffer);
  pass.dispatchWorkgroups = function (...sizes) {
    counted.dispatches++;
    dispatch.value?.apply(this, sizes);
    return undefined;
  };
  buffer.mapAsync = function (...args) {
    counted.reads++;
    return map.value?.apply(this, args) as ReturnType<GPUBuffer['mapAsync']>;
  };
}
countCalls();

const page = {
  async create(name: string, spec: ModelSpec, arithmetic: Arithmetic = 'fastest') {
    const supply = name.startsWith('tfjs-') ? await browserSupply.tfjs() : browserSupply.fused;
    const candidate = supply.find((each) => each.name === name);
    if (candidate === undefined) throw new Error(`no engine ${name}`);
    const engine = await candidate.load(spec, arithmetic);
    const id = engines.size + 1;
    engines.set(id, engine);
    return { id, detail: engine.detail, software: engine.software };
  },
  async hold(
    id: number,
    shard: { samples: number; shape: DataShard['shape']; images: number[]; labels: number[] },
  ) {
    const arrays = { images: Uint8Array.from(shard.images), labels: Uint8Array.from(shard.labels) };
    await of(id).hold({ ...shard, ...arrays });
  },
  async gradient(id: number, parameters: number[], order: number[]) {
    const { gradient, loss } = await of(id).gradient(Float32Array.from(parameters), Uint32Array.from(order));
    return { gradient: [...gradient], loss };
  },
  async train(id: number, parameters: number[], order: number[], local: LocalTraining) {
    Object.assign(counted, { dispatches: 0, reads: 0 });
    const trained = await of(id).train(Float32Array.from(parameters), Uint32Array.from(order), local);
    return { delta: [...trained.delta], loss: trained.loss, counted: { ...counted } };
  },
  evaluate: (id: number, parameters: number[]) => of(id).evaluate(Float32Array.from(parameters)),
  dispose: (id: number) => of(id).dispose(),
};
export type EnginePage = typeof page;

Object.assign(window, { engines: page });
