import { wasmCandidate, type EngineSupply } from './supply.ts';

/** The engines of a browser; tfjs is fetched when one of its own is loaded. */
export const browserSupply: EngineSupply = {
  fused: [
    wasmCandidate,
    {
      name: 'webgpu',
      load: async (spec) => (await import('./webgpu.ts')).createWebGpuEngine(spec),
    },
  ],
  async tfjs() {
    const { probeTfjs } = await import('./probe.ts');
    return (await probeTfjs()).map((probe) => ({
      name: probe.name,
      load: async (spec) => {
        const { createTfjsEngine } = await import('./tfjs.ts');
        return createTfjsEngine(spec, probe);
      },
    }));
  },
};
