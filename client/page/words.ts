import type { ReportedEngine } from '../../shared/profile/profile.ts';

const ENGINE_WORDS: Record<ReportedEngine, string> = {
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
  'tfjs-webgpu': 'TensorFlow.js on WebGPU',
  'tfjs-webgl': 'TensorFlow.js on WebGL',
  'tfjs-cpu': 'TensorFlow.js on the CPU',
  scripted: 'Scripted',
};

/** The engines by the name their users know. */
export function describeEngine(name: string): string {
  return (ENGINE_WORDS as Partial<Record<string, string>>)[name] ?? name;
}
