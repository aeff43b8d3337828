import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unitOrder } from '../../shared/engine/unit.ts';
import { noiseShard } from './testing/contract.ts';
import { initialParameters } from '../../shared/model/initialise.ts';
import { lenet } from '../../server/zoo/lenet.ts';
import { createWebGpuEngine } from './webgpu.ts';

/*
 * What the engine asks of a GPU, counted by one that computes nothing: its numbers are those of the contract, which
 * runs in a browser.
 */

/** A GPU whose every submit takes `submitMs`, and what it was asked. */
class CountingGpu {
  readonly asked = { dispatches: 0, submits: 0, reads: 0, writes: 0, waits: 0 };
  submitMs = 10;
  maxBufferSize = 1e9;
  #now = 0;

  stub(): void {
    const usage = new Proxy({}, { get: () => 0 });
    for (const name of ['GPUBufferUsage', 'GPUShaderStage', 'GPUMapMode']) vi.stubGlobal(name, usage);
    vi.stubGlobal('navigator', { gpu: { requestAdapter: () => Promise.resolve(this.#adapter()) } });
    vi.spyOn(performance, 'now').mockImplementation(() => this.#now);
  }

  #adapter() {
    const limits = {
      maxStorageBufferBindingSize: this.maxBufferSize,
      maxBufferSize: this.maxBufferSize,
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupSizeX: 256,
      maxComputeWorkgroupsPerDimension: 65_535,
    };
    const info = { vendor: 'counting', architecture: '', description: '', isFallbackAdapter: false };
    return { info, limits, requestDevice: () => Promise.resolve(this.#device(limits)) };
  }

  #device(limits: object) {
    const { asked } = this;
    const pass = {
      setBindGroup: () => undefined,
      setPipeline: () => undefined,
      dispatchWorkgroups: () => asked.dispatches++,
      end: () => undefined,
    };
    return {
      limits,
      lost: new Promise(() => undefined),
      createShaderModule: () => ({ getCompilationInfo: () => Promise.resolve({ messages: [] }) }),
      createBindGroupLayout: () => ({}),
      createPipelineLayout: () => ({}),
      createComputePipelineAsync: () => Promise.resolve({}),
      createBindGroup: () => ({}),
      pushErrorScope: () => undefined,
      popErrorScope: () => Promise.resolve(null),
      createBuffer: ({ size }: { size: number }) => ({
        size,
        destroy: () => undefined,
        mapAsync: () => Promise.resolve(asked.reads++),
        getMappedRange: () => new ArrayBuffer(size),
        unmap: () => undefined,
      }),
      createCommandEncoder: () => ({
        beginComputePass: () => pass,
        copyBufferToBuffer: () => undefined,
        finish: () => ({}),
      }),
      queue: {
        writeBuffer: () => asked.writes++,
        submit: () => asked.submits++,
        onSubmittedWorkDone: () => {
          asked.waits++;
          this.#now += this.submitMs;
          return Promise.resolve();
        },
      },
      destroy: () => undefined,
    };
  }
}

let gpu: CountingGpu;
beforeEach(() => {
  gpu = new CountingGpu();
  gpu.stub();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** An engine of lenet that holds sixteen images; `train` gives what so many local steps asked of the GPU. */
async function engine() {
  const made = await createWebGpuEngine(lenet.spec);
  const parameters = initialParameters(lenet.spec, 1);
  await made.hold(noiseShard(lenet.spec, 16, 3));
  const train = async (steps: number, batch = 4) => {
    const before = { ...gpu.asked };
    await made.train(parameters, unitOrder(1, 0, 16, batch * steps), { batch, lr: 0.05, momentum: 0 });
    const { dispatches, submits, reads, writes, waits } = gpu.asked;
    return {
      dispatches: dispatches - before.dispatches,
      submits: submits - before.submits,
      reads: reads - before.reads,
      writes: writes - before.writes,
      waits: waits - before.waits,
    };
  };
  return { train, made };
}

describe('the fused engine of WebGPU', () => {
  it('[EN24] takes a step of lenet in fewer than 20 dispatches, the same for each', async () => {
    const { train } = await engine();
    const one = await train(1);
    expect(one.dispatches).toBeLessThan(20);
    expect((await train(50)).dispatches).toBe(50 * one.dispatches);
  });

  it('[EN7] reads the weights and the loss at the end, and writes nothing between the steps', async () => {
    const { train } = await engine();
    const one = await train(1);
    const many = await train(200);
    expect([one.reads, many.reads]).toEqual([1, 1]);
    expect(many.writes).toBe(one.writes);
  });

  it('hands over more steps at once where a submit is short, and one at a time where it is long', async () => {
    gpu.submitMs = 1;
    const { train } = await engine();
    // 1, 1, 2, 2, 4, 4, ... 128, 128 steps and what is left, for a submit's time is known when the next was handed over.
    expect((await train(511)).submits).toBe(17 + 1);
    expect((await train(512)).submits).toBe(2 + 1);
    gpu.submitMs = 100;
    // 256 steps and what is left; then 128, 128, 64, 64 and what is left.
    expect((await train(400)).submits).toBe(2 + 1);
    expect((await train(400)).submits).toBe(5 + 1);
  });

  it('[EN6] refuses a batch that does not fit the adapter by its sizes', async () => {
    gpu.maxBufferSize = 1e7;
    const { train } = await engine();
    await train(1);
    await expect(train(1, 10_000)).rejects.toThrow(/^webgpu: \w+ takes \d+ bytes, the adapter has 10000000$/);
    await train(1);
  });
});
