import { TFJS_ENGINES, type EngineName } from '../../shared/profile/profile.ts';

export type TfjsName = (typeof TFJS_ENGINES)[number];

/** What an engine would run on, found out without loading it. */
export interface EngineProbe<Name extends EngineName = EngineName> {
  name: Name;
  /** The adapter or renderer. */
  detail: string;
  /** A GPU interface on a software adapter. */
  software: boolean;
}

/** Renderers that draw on the CPU, by what they call themselves. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render|microsoft basic/i;

/** Whether an adapter or renderer says of itself that it is the CPU. */
export function isSoftware(detail: string): boolean {
  return SOFTWARE.test(detail);
}

/** The backends of tfjs that this device has, best first: hardware GPUs, then the CPU, then GPUs in software [EN13]. */
export async function probeTfjs(): Promise<EngineProbe<TfjsName>[]> {
  const probes = await Promise.all([probeWebGpu, probeWebGl, probeCpu].map(orNone));
  return rankEngines(probes.filter((probe) => probe !== null));
}

/** What a browser is too old for, or forbids, throws: it is not to be had. */
async function orNone(
  probe: () => EngineProbe<TfjsName> | null | Promise<EngineProbe<TfjsName> | null>,
): Promise<EngineProbe<TfjsName> | null> {
  try {
    return await probe();
  } catch {
    return null;
  }
}

/** Where each stands on hardware of its own; a GPU in software comes after all of these. */
const GROUPS: Record<TfjsName, number> = { 'tfjs-webgpu': 0, 'tfjs-webgl': 0, 'tfjs-cpu': 1 };
const SOFTWARE_GROUP = 2;

/** Hardware before the CPU before software; within each WebGPU, WebGL, CPU. */
export function rankEngines(probes: EngineProbe<TfjsName>[]): EngineProbe<TfjsName>[] {
  const group = ({ name, software }: EngineProbe<TfjsName>) => (software ? SOFTWARE_GROUP : GROUPS[name]);
  const place = ({ name }: EngineProbe<TfjsName>) => TFJS_ENGINES.indexOf(name);
  return probes.toSorted((left, right) => group(left) - group(right) || place(left) - place(right));
}

/** The best GPU that WebGPU offers, and what it says of itself; null where it offers none. */
export async function probeGpu(): Promise<{ adapter: GPUAdapter; detail: string; software: boolean } | null> {
  // The types promise a gpu; outside a secure context and in older browsers there is none.
  const gpu = navigator.gpu as GPU | undefined;
  if (gpu === undefined) return null;
  const ask = () => gpu.requestAdapter({ powerPreference: 'high-performance' });
  // Chromium may say at first that there is none, while its GPU process starts.
  const adapter = (await ask()) ?? (await ask());
  if (adapter === null) return null;
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const detail = [vendor, architecture, description].filter((part) => part !== '').join(' ');
  return { adapter, detail, software: isFallbackAdapter || isSoftware(detail) };
}

async function probeWebGpu(): Promise<EngineProbe<TfjsName> | null> {
  const gpu = await probeGpu();
  return gpu && { name: 'tfjs-webgpu', detail: gpu.detail, software: gpu.software };
}

function probeWebGl(): EngineProbe<TfjsName> | null {
  const context = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (context === null) return null;
  const extension = context.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = context.getParameter(extension?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  const detail = typeof name === 'string' ? name : 'unknown renderer';
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return { name: 'tfjs-webgl', detail, software: isSoftware(detail) };
}

function probeCpu(): EngineProbe<TfjsName> {
  return { name: 'tfjs-cpu', detail: `${navigator.hardwareConcurrency} cores`, software: false };
}
