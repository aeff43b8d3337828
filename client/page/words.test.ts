import { expect, it } from 'vitest';
import { describeEngine } from './words.ts';

it('names engines, and leaves a name that it does not know as it is', () => {
  expect(['webgpu', 'tfjs-webgl', 'wasm', 'scripted', 'npu'].map(describeEngine)).toEqual([
    'WebGPU',
    'TensorFlow.js on WebGL',
    'WebAssembly',
    'Scripted',
    'npu',
  ]);
});
