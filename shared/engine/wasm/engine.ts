import type { DataShard } from '../../dataset/dataShard.ts';
import type { ModelSpec } from '../../model/spec.ts';
import { checkData } from '../data.ts';
import type { Engine, EvaluationResult, GradientResult, LocalTraining, TrainingResult } from '../engine.ts';
import { emitKernel, PAGE, type Kernel } from './kernel.ts';
import { NO_LOGIT } from './loss.ts';
import { FLOAT, mapMemory, roundUp, type MemoryMap } from './memory.ts';
import { hasRelaxedSimd } from './relaxed.ts';

/** What a browser may do and Node 20 may not: multiply and add in one instruction. */
export interface WasmOptions {
  /** By default as the machine can; false for the same bits everywhere. */
  relaxed?: boolean;
}

/**
 * The fused engine: forward pass, backward pass and update of one model as one WebAssembly module, emitted for
 * its sizes. Without relaxed SIMD, the same unit gives the same bytes on every machine.
 * @throws {Error} where WebAssembly or its SIMD is missing.
 */
export async function createWasmEngine(spec: ModelSpec, options: WasmOptions = {}): Promise<Engine> {
  const { relaxed = hasRelaxedSimd() } = options;
  const map = mapMemory(spec);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(map.end / PAGE) });
  const host = { memory, log: Math.log };
  const { instance } = await WebAssembly.instantiate(emitKernel(spec, map, relaxed), { host });
  // The exports are those that the module was just emitted with.
  return new WasmEngine(spec, map, memory, instance.exports as unknown as Kernel, relaxed);
}

class WasmEngine implements Engine {
  readonly name = 'wasm';
  readonly detail: string;
  readonly software = false;
  readonly #spec: ModelSpec;
  readonly #map: MemoryMap;
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: Kernel;
  #held: DataShard | null = null;
  #samples = 0;
  #images = 0;
  #labels = 0;

  constructor(spec: ModelSpec, map: MemoryMap, memory: WebAssembly.Memory, kernel: Kernel, relaxed: boolean) {
    this.#spec = spec;
    this.#map = map;
    this.#memory = memory;
    this.#kernel = kernel;
    this.detail = relaxed ? 'SIMD, relaxed' : 'SIMD';
    const { logits } = map;
    this.#floats(logits.address, logits.length).fill(NO_LOGIT);
  }

  hold(shard: DataShard): Promise<void> {
    return settled(() => {
      if (shard === this.#held) return;
      checkData(this.#spec, shard);
      this.#held = shard;
      this.#samples = shard.samples;
      this.#images = this.#map.end;
      this.#labels = this.#images + shard.images.length;
      this.#reach(this.#order);
      this.#bytes(this.#images, shard.images.length).set(shard.images);
      this.#bytes(this.#labels, shard.labels.length).set(shard.labels);
    });
  }

  gradient(parameters: Float32Array, order: Uint32Array): Promise<GradientResult> {
    return settled(() => {
      this.#load(parameters);
      this.#visit(order);
      const loss = this.#kernel.gradient(this.#order, order.length, this.#images, this.#labels);
      const { address, length } = this.#map.parameters;
      const gradients = this.#floats(address + this.#map.gradientOffset, length);
      const gradient = Float32Array.from(this.#map.places, (place) => gradients[place] ?? NaN);
      return { gradient, loss: loss / order.length };
    });
  }

  train(parameters: Float32Array, order: Uint32Array, local: LocalTraining): Promise<TrainingResult> {
    return settled(() => {
      const { batch, lr, momentum } = local;
      const steps = order.length / batch;
      if (!Number.isInteger(steps) || steps < 1) {
        throw new RangeError(`wasm: ${order.length} samples are not whole batches of ${batch}`);
      }
      this.#load(parameters);
      this.#visit(order);
      const loss = this.#kernel.train(this.#order, steps, batch, lr, momentum, this.#images, this.#labels);
      const trained = this.#parameters();
      const delta = new Float32Array(parameters.length);
      this.#map.places.forEach((place, index) => {
        delta[index] = (parameters[index] ?? NaN) - (trained[place] ?? NaN);
      });
      return { delta, loss: loss / order.length };
    });
  }

  evaluate(parameters: Float32Array): Promise<EvaluationResult> {
    return settled(() => {
      if (this.#samples === 0) throw new RangeError('wasm: no data shard is held');
      this.#load(parameters);
      const loss = this.#kernel.evaluate(this.#samples, this.#images, this.#labels);
      const correct = new DataView(this.#memory.buffer).getInt32(this.#map.correct, true);
      return { correct, loss: loss / this.#samples };
    });
  }

  /** The memory goes with the engine. */
  dispose(): void {
    this.#held = null;
    this.#samples = 0;
  }

  /** Where orders lie: behind the data. */
  get #order(): number {
    return roundUp(this.#labels + this.#samples, FLOAT);
  }

  #load(parameters: Float32Array): void {
    const { places } = this.#map;
    if (parameters.length !== places.length) {
      throw new RangeError(`wasm: ${parameters.length} parameters, the model has ${places.length}`);
    }
    const loaded = this.#parameters();
    places.forEach((place, index) => {
      loaded[place] = parameters[index] ?? NaN;
    });
  }

  /** Puts the order where the kernel reads it; an index beyond the data shard never gets there. */
  #visit(order: Uint32Array): void {
    if (order.length === 0 || order.some((sample) => sample >= this.#samples)) {
      throw new RangeError('wasm: the order names samples that the data shard does not have');
    }
    this.#reach(this.#order + order.length * FLOAT);
    new Uint32Array(this.#memory.buffer, this.#order, order.length).set(order);
  }

  /** Grows the memory to this address. */
  #reach(address: number): void {
    const missing = address - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
  }

  #parameters(): Float32Array {
    const { address, length } = this.#map.parameters;
    return this.#floats(address, length);
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length);
  }
}

/** What is computed at once, as a promise that rejects where it throws. */
function settled<Result>(compute: () => Result): Promise<Result> {
  return new Promise((resolve) => resolve(compute()));
}
