import type { DataShard } from '../../shared/dataset/dataShard.ts';
import { checkData } from '../../shared/engine/data.ts';
import type {
  Engine,
  EvaluationResult,
  GradientResult,
  LocalTraining,
  TrainingResult,
} from '../../shared/engine/engine.ts';
import { mapDevice, type WgslMap } from './wgsl/memory.ts';
import { emitProgram, type WgslKernel } from './wgsl/shader.ts';
import type { ModelSpec } from '../../shared/model/spec.ts';
import { probeGpu } from './probe.ts';
import { openGpu, type Gpu } from './webgpuDevice.ts';

/** Images of a forward pass of an evaluation; more only costs memory. */
const EVALUATION_BATCH = 256;
/** Two submits that take longer keep the page from drawing; shorter ones cost more to hand over than to do. */
const SUBMIT_MS = { most: 12, least: 4 };
const MAX_STEPS = 256;
const NOTHING = new Float32Array();

/**
 * The fused engine of the GPU: the data shard and the weights stay on the device, all local steps of a unit are
 * encoded without reading anything back.
 * @throws {Error} where there is no WebGPU, or the model does not fit its limits.
 */
export async function createWebGpuEngine(spec: ModelSpec): Promise<Engine> {
  const found = await probeGpu();
  if (found === null) throw new Error('no WebGPU adapter here');
  const { adapter, detail, software } = found;
  const map = mapDevice(spec);
  const group = Math.min(64, adapter.limits.maxComputeInvocationsPerWorkgroup);
  const program = emitProgram(spec, map, group);
  const kernels = [...program.forward, ...program.backward];
  const gpu = await openGpu(adapter, program.code, group, kernels);
  return new WebGpuEngine(spec, map, gpu, { ...program, detail, software });
}

interface Parts {
  forward: WgslKernel[];
  backward: WgslKernel[];
  detail: string;
  software: boolean;
}

class WebGpuEngine implements Engine {
  readonly name = 'webgpu';
  readonly detail: string;
  readonly software: boolean;
  readonly #spec: ModelSpec;
  readonly #map: WgslMap;
  readonly #gpu: Gpu;
  readonly #forward: WgslKernel[];
  readonly #step: WgslKernel[];
  #held: DataShard | null = null;
  /** Steps a submit, as found by timing them. */
  #steps = 1;

  constructor(spec: ModelSpec, map: WgslMap, gpu: Gpu, { forward, backward, detail, software }: Parts) {
    this.#spec = spec;
    this.#map = map;
    this.#gpu = gpu;
    this.#forward = forward;
    this.#step = [...forward, ...backward];
    this.detail = detail;
    this.software = software;
  }

  async hold(shard: DataShard): Promise<void> {
    if (shard === this.#held) return;
    checkData(this.#spec, shard);
    const bytes = new Uint8Array(Math.ceil((shard.images.length + shard.labels.length) / 4) * 4);
    bytes.set(shard.images);
    bytes.set(shard.labels, shard.images.length);
    await this.#gpu.reserve({ data: bytes.length });
    this.#gpu.write('data', bytes);
    this.#held = shard;
  }

  async gradient(parameters: Float32Array, order: Uint32Array): Promise<GradientResult> {
    // At a rate of nothing the step moves no weight, and leaves its gradient as the velocity.
    const local = { batch: order.length, lr: 0, momentum: 0 };
    const { values, loss } = await this.#run(parameters, order, local, this.#map.parameters);
    return { gradient: values.slice(), loss };
  }

  async train(parameters: Float32Array, order: Uint32Array, local: LocalTraining): Promise<TrainingResult> {
    const { values, loss } = await this.#run(parameters, order, local, 0);
    const delta = parameters.map((value, index) => value - (values[index] ?? NaN));
    return { delta, loss };
  }

  async evaluate(parameters: Float32Array): Promise<EvaluationResult> {
    const { samples } = this.#shard();
    const every = Uint32Array.from({ length: samples }, (_, sample) => sample);
    const batch = Math.min(EVALUATION_BATCH, samples);
    await this.#load(parameters, every, batch);
    for (let first = 0; first < samples; first += batch) {
      this.#gpu.write('state', Uint32Array.of(first));
      this.#settings(Math.min(batch, samples - first), { lr: 0, momentum: 0 });
      this.#gpu.submit(this.#forward, Math.min(batch, samples - first), 1);
      await this.#gpu.done();
    }
    const [totals = NOTHING] = await this.#gpu.read([{ name: 'totals', from: 0, length: 2 * batch }]);
    const { correct, loss } = sums(totals);
    return { correct, loss: loss / samples };
  }

  dispose(): void {
    this.#held = null;
    this.#gpu.close();
  }

  #shard(): DataShard {
    if (this.#held === null) throw new RangeError('webgpu: no data shard is held');
    return this.#held;
  }

  /** Takes the steps; gives what `weights` then holds from there on, a value a parameter, and the mean loss. */
  async #run(
    parameters: Float32Array,
    order: Uint32Array,
    { batch, lr, momentum }: LocalTraining,
    from: number,
  ): Promise<{ values: Float32Array; loss: number }> {
    const steps = order.length / batch;
    if (!Number.isInteger(steps) || steps < 1) {
      throw new RangeError(`webgpu: ${order.length} samples are not whole batches of ${batch}`);
    }
    await this.#load(parameters, order, batch);
    this.#settings(batch, { lr, momentum });
    await this.#submitAll(batch, steps);
    const [values = NOTHING, totals = NOTHING] = await this.#gpu.read([
      { name: 'weights', from, length: this.#map.parameters },
      { name: 'totals', from: 0, length: 2 * batch },
    ]);
    const { loss } = sums(totals);
    return { values, loss: loss / order.length };
  }

  /**
   * Submits all steps, two submits at a time: the next is encoded and handed over while the device computes the one
   * before. Reading the results waits for the last.
   */
  async #submitAll(batch: number, steps: number): Promise<void> {
    let before = { count: 0, done: Promise.resolve() };
    let begun = performance.now();
    for (let submitted = 0; submitted < steps;) {
      const count = Math.min(this.#steps, steps - submitted);
      this.#gpu.submit(this.#step, batch, count);
      submitted += count;
      const done = this.#gpu.done();
      // Waited for in the next round or by reading, which both fail as it does.
      done.catch(() => undefined);
      await before.done;
      const now = performance.now();
      if (before.count === this.#steps) this.#adapt(now - begun);
      begun = now;
      before = { count, done };
    }
  }

  #adapt(elapsed: number): void {
    if (elapsed < SUBMIT_MS.least) this.#steps = Math.min(MAX_STEPS, 2 * this.#steps);
    else if (elapsed > SUBMIT_MS.most) this.#steps = Math.max(1, Math.floor(this.#steps / 2));
  }

  async #load(parameters: Float32Array, order: Uint32Array, rows: number): Promise<void> {
    const { parameters: length, values, sources, splits } = this.#map;
    const { samples } = this.#shard();
    if (parameters.length !== length) {
      throw new RangeError(`webgpu: ${parameters.length} parameters, the model has ${length}`);
    }
    if (order.length === 0 || order.some((sample) => sample >= samples)) {
      throw new RangeError('webgpu: the order names samples that the data shard does not have');
    }
    await this.#gpu.reserve({
      order: 4 * order.length,
      weights: 8 * length,
      partials: 4 * length * splits,
      state: 4,
      values: 4 * rows * values,
      sources: 4 * rows * sources,
      totals: 8 * rows,
    });
    const weights = new Float32Array(2 * length);
    weights.set(parameters);
    this.#gpu.write('weights', weights);
    this.#gpu.write('order', order);
    this.#gpu.write('state', Uint32Array.of(0));
    this.#gpu.write('totals', new Float32Array(2 * rows));
  }

  #settings(rows: number, { lr, momentum }: Pick<LocalTraining, 'lr' | 'momentum'>): void {
    const bytes = new DataView(new ArrayBuffer(16));
    bytes.setUint32(0, rows, true);
    bytes.setUint32(4, this.#shard().images.length, true);
    bytes.setFloat32(8, lr, true);
    bytes.setFloat32(12, momentum, true);
    this.#gpu.write('settings', new Uint8Array(bytes.buffer));
  }
}

/** Of the rows of `totals`. */
function sums(totals: Float32Array): { loss: number; correct: number } {
  let loss = 0;
  let correct = 0;
  for (let row = 0; row < totals.length; row += 2) {
    loss += totals[row] ?? NaN;
    correct += totals[row + 1] ?? NaN;
  }
  return { loss, correct };
}
