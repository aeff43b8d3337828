import { STORAGE, type StorageName, type WgslKernel } from './wgsl/shader.ts';

type BufferName = StorageName | 'settings';
type Bytes = Uint8Array | Uint32Array | Float32Array;

/** Values of one buffer, counted in elements of four bytes. */
export interface ReadPart {
  name: StorageName;
  from: number;
  length: number;
}

/** One device with the kernels and the buffers of one model; every call fails once the device is lost. */
export interface Gpu {
  /** Makes buffers of at least these numbers of bytes. @throws {Error} where there is no memory or no room for them. */
  reserve(bytes: Partial<Record<StorageName, number>>): Promise<void>;
  write(name: BufferName, values: Bytes): void;
  /** Runs these kernels, one after the other, `times` times, on a batch of `rows` rows. */
  submit(kernels: readonly WgslKernel[], rows: number, times: number): void;
  /** Resolves when all that was submitted is done. @throws {Error} where the device was lost over it. */
  done(): Promise<void>;
  /** Reads parts of buffers, all at once: a wait for the device costs more than the bytes. */
  read(parts: readonly ReadPart[]): Promise<Float32Array[]>;
  close(): void;
}

const SETTINGS_BYTES = 16;
const BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Limits that are asked for as high as the adapter has them. */
const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

/**
 * Opens a device of the adapter and compiles the kernels.
 * @throws {Error} where the device cannot be had, or a kernel does not compile.
 */
export async function openGpu(
  adapter: GPUAdapter,
  code: string,
  group: number,
  kernels: readonly WgslKernel[],
): Promise<Gpu> {
  const requiredLimits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const device = await adapter.requestDevice({ requiredLimits });
  try {
    const module = device.createShaderModule({ code });
    const { messages } = await module.getCompilationInfo();
    const wrong = messages.find(({ type }) => type === 'error');
    if (wrong !== undefined) throw new Error(`webgpu: line ${wrong.lineNum}: ${wrong.message}`);
    const bindings = device.createBindGroupLayout({ entries: bindingsOf() });
    const layout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
    const pipelines = await Promise.all(
      kernels.map(async ({ entry }) => {
        const compute = { module, entryPoint: entry };
        return [entry, await device.createComputePipelineAsync({ layout, compute })] as const;
      }),
    );
    return new OpenGpu(device, bindings, new Map(pipelines), group);
  } catch (error) {
    device.destroy();
    throw error;
  }
}

const BUFFER_TYPES: Record<(typeof STORAGE)[number][1], GPUBufferBindingType> = {
  read: 'read-only-storage',
  read_write: 'storage',
};

function bindingsOf(): GPUBindGroupLayoutEntry[] {
  const storage = STORAGE.map(([, access], index) => ({
    binding: index + 1,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: BUFFER_TYPES[access] },
  }));
  const settings = { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' as const } };
  return [settings, ...storage];
}

class OpenGpu implements Gpu {
  readonly #device: GPUDevice;
  readonly #bindings: GPUBindGroupLayout;
  readonly #pipelines: ReadonlyMap<string, GPUComputePipeline>;
  /** Invocations a workgroup. */
  readonly #group: number;
  readonly #buffers = new Map<BufferName, GPUBuffer>();
  #bound: GPUBindGroup | null = null;
  /** Where results are read from; kept, since a mappable buffer is slow to make. */
  #staging: GPUBuffer | null = null;
  #lost: string | null = null;

  constructor(
    device: GPUDevice,
    bindings: GPUBindGroupLayout,
    pipelines: ReadonlyMap<string, GPUComputePipeline>,
    group: number,
  ) {
    this.#device = device;
    this.#bindings = bindings;
    this.#pipelines = pipelines;
    this.#group = group;
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    this.#buffers.set('settings', device.createBuffer({ size: SETTINGS_BYTES, usage }));
    void device.lost.then(({ message }) => (this.#lost = message || 'without a reason'));
  }

  async reserve(bytes: Partial<Record<StorageName, number>>): Promise<void> {
    this.#alive();
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    const wanted = STORAGE.map(([name]) => ({ name, size: Math.max(16, bytes[name] ?? 0) }));
    const missing = wanted.filter(({ name, size }) => (this.#buffers.get(name)?.size ?? 0) < size);
    if (missing.length === 0) return;
    const large = missing.find(({ size }) => size > most);
    if (large !== undefined) {
      throw new RangeError(`webgpu: ${large.name} takes ${large.size} bytes, the adapter has ${most}`);
    }
    this.#device.pushErrorScope('out-of-memory');
    for (const { name, size } of missing) {
      this.#buffers.get(name)?.destroy();
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
      this.#buffers.set(name, this.#device.createBuffer({ size, usage }));
    }
    this.#bound = null;
    const error = await this.#device.popErrorScope();
    if (error !== null) throw new Error(`webgpu: no memory: ${error.message}`);
  }

  write(name: BufferName, values: Bytes): void {
    this.#alive();
    // Copied here, so that the caller's array may be of shared memory too.
    this.#device.queue.writeBuffer(this.#buffer(name), 0, values.slice());
  }

  submit(kernels: readonly WgslKernel[], rows: number, times: number): void {
    this.#alive();
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, this.#bindGroup());
    for (let time = 0; time < times; time++) {
      for (const { entry, perSample, always } of kernels) {
        pass.setPipeline(this.#pipeline(entry));
        const groups = Math.ceil((rows * perSample + always) / this.#group);
        const across = Math.min(groups, this.#device.limits.maxComputeWorkgroupsPerDimension);
        pass.dispatchWorkgroups(across, Math.ceil(groups / across));
      }
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
  }

  async done(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
    this.#alive();
  }

  async read(parts: readonly ReadPart[]): Promise<Float32Array[]> {
    this.#alive();
    const size = parts.reduce((sum, { length }) => sum + BYTES * length, 0);
    const staging = this.#stagingOf(size);
    const encoder = this.#device.createCommandEncoder();
    let filled = 0;
    for (const { name, from, length } of parts) {
      encoder.copyBufferToBuffer(this.#buffer(name), BYTES * from, staging, filled, BYTES * length);
      filled += BYTES * length;
    }
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ, 0, size);
    this.#alive();
    const values = new Float32Array(staging.getMappedRange(0, size).slice(0));
    staging.unmap();
    let taken = 0;
    return parts.map(({ length }) => values.subarray(taken, (taken += length)));
  }

  #stagingOf(size: number): GPUBuffer {
    if (this.#staging !== null && this.#staging.size >= size) return this.#staging;
    this.#staging?.destroy();
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    this.#staging = this.#device.createBuffer({ size, usage });
    return this.#staging;
  }

  close(): void {
    this.#device.destroy();
  }

  #alive(): void {
    if (this.#lost !== null) throw new Error(`webgpu: the device was lost: ${this.#lost}`);
  }

  #buffer(name: BufferName): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (buffer === undefined) throw new RangeError(`webgpu: no buffer ${name} was reserved`);
    return buffer;
  }

  #pipeline(entry: string): GPUComputePipeline {
    const pipeline = this.#pipelines.get(entry);
    if (pipeline === undefined) throw new RangeError(`webgpu: no kernel ${entry}`);
    return pipeline;
  }

  #bindGroup(): GPUBindGroup {
    const names: BufferName[] = ['settings', ...STORAGE.map(([name]) => name)];
    this.#bound ??= this.#device.createBindGroup({
      layout: this.#bindings,
      entries: names.map((name, binding) => ({ binding, resource: { buffer: this.#buffer(name) } })),
    });
    return this.#bound;
  }
}
