import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { probeGpu, probeTfjs, rankEngines, type EngineProbe, type TfjsName } from './probe.ts';

const probe = (name: TfjsName, software = false): EngineProbe<TfjsName> => ({ name, software, detail: '' });

const INFO = { vendor: 'apple', architecture: 'metal-3', description: '', isFallbackAdapter: false };

/** What this device has: an adapter of WebGPU, a renderer of WebGL; null for none. */
function device(adapter: object | null, renderer: unknown): void {
  const gpu = { requestAdapter: () => Promise.resolve(adapter) };
  vi.stubGlobal('navigator', { gpu, hardwareConcurrency: 8 });
  const context = {
    RENDERER: 1,
    getExtension: (name: string) =>
      name === 'WEBGL_debug_renderer_info' ? { UNMASKED_RENDERER_WEBGL: 2 } : null,
    getParameter: (parameter: number) => (parameter === 2 ? renderer : 'masked'),
  };
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext = () => (renderer === null ? null : context);
    },
  );
}

const names = async () => (await probeTfjs()).map(({ name, software }) => (software ? `${name} soft` : name));

beforeEach(() => device({ info: INFO }, 'Apple M1'));
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('ranking', () => {
  it('[EN13] puts hardware GPUs before the CPU before software GPUs, within each WebGPU, WebGL, CPU', () => {
    const best = [
      ...[probe('tfjs-webgpu'), probe('tfjs-webgl'), probe('tfjs-cpu')],
      ...[probe('tfjs-webgpu', true), probe('tfjs-webgl', true)],
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(best), (present) => {
        expect(rankEngines(present)).toEqual(best.filter((each) => present.includes(each)));
      }),
    );
  });
});

describe('probing', () => {
  it('[EN1] finds what a device with a GPU has', async () => {
    expect(await probeTfjs()).toEqual([
      { name: 'tfjs-webgpu', detail: 'apple metal-3', software: false },
      { name: 'tfjs-webgl', detail: 'Apple M1', software: false },
      { name: 'tfjs-cpu', detail: '8 cores', software: false },
    ]);
  });

  it.each([
    [
      'SwiftShader',
      { ...INFO, vendor: 'google', architecture: 'swiftshader' },
      'ANGLE (Google, SwiftShader)',
    ],
    ['llvmpipe', { ...INFO, description: 'llvmpipe (LLVM 15)' }, 'Mesa llvmpipe'],
    ['a fallback adapter', { ...INFO, isFallbackAdapter: true }, 'Microsoft Basic Render Driver'],
  ])('[EN13] ranks %s after the CPU', async (_name, info, renderer) => {
    device({ info }, renderer);
    expect(await names()).toEqual(['tfjs-cpu', 'tfjs-webgpu soft', 'tfjs-webgl soft']);
  });

  it('[EN1] finds the CPU where there is nothing else', async () => {
    device(null, null);
    expect(await names()).toEqual(['tfjs-cpu']);
    vi.stubGlobal('navigator', { hardwareConcurrency: 2 });
    vi.stubGlobal('OffscreenCanvas', undefined);
    expect(await names()).toEqual(['tfjs-cpu']);
  });

  it('[EN1] goes on where asking for an adapter fails, or an older browser has no word about it', async () => {
    device({}, 'Apple M1');
    expect(await names()).toEqual(['tfjs-webgl', 'tfjs-cpu']);
    const gpu = { requestAdapter: () => Promise.reject(new Error('blocked')) };
    vi.stubGlobal('navigator', { gpu, hardwareConcurrency: 2 });
    expect(await names()).toEqual(['tfjs-webgl', 'tfjs-cpu']);
  });

  it('[EN1] asks a second time for an adapter where there is none at first', async () => {
    const requestAdapter = vi.fn().mockResolvedValueOnce(null).mockResolvedValue({ info: INFO });
    vi.stubGlobal('navigator', { gpu: { requestAdapter }, hardwareConcurrency: 8 });
    expect(await probeGpu()).toMatchObject({ detail: 'apple metal-3', software: false });
    expect(requestAdapter).toHaveBeenCalledTimes(2);
  });

  it('[EN13] takes a renderer without a name for hardware', async () => {
    device(null, 7);
    expect(await probeTfjs()).toContainEqual({
      name: 'tfjs-webgl',
      detail: 'unknown renderer',
      software: false,
    });
  });
});
