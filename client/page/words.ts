import type { StopReason } from '../../shared/protocol/messages.ts';

/** Why a run stopped, as the end of a sentence that begins "The run". */
export function describeStop(stop: StopReason | null): string {
  switch (stop) {
    case 'target':
      return 'reached its target accuracy';
    case 'max-commits':
      return 'reached its limit of commits';
    case 'max-seconds':
      return 'reached its time limit';
    case 'stopped':
      return 'was stopped by its operator';
    case 'interrupted':
      return 'ended because the server is shutting down';
    case 'shard-lost':
      return 'ended because a parameter shard was lost';
    case null:
      return 'has stopped';
  }
}

/** The engines by the name their users know. */
export function describeEngine(name: string): string {
  const names: Record<string, string> = {
    wasm: 'WebAssembly',
    webgpu: 'WebGPU',
    'tfjs-webgpu': 'TensorFlow.js on WebGPU',
    'tfjs-webgl': 'TensorFlow.js on WebGL',
    'tfjs-cpu': 'TensorFlow.js on the CPU',
    scripted: 'Scripted',
  };
  return names[name] ?? name;
}
