import { expect, it } from 'vitest';
import { STOP_REASONS } from '../../shared/protocol/messages.ts';
import { describeEngine, describeStop } from './words.ts';

it('has words of its own for every reason to stop', () => {
  const words = [null, ...STOP_REASONS].map(describeStop);
  expect(new Set(words).size).toBe(STOP_REASONS.length + 1);
});

it('names engines, and leaves a name that it does not know as it is', () => {
  expect(['webgpu', 'tfjs-webgl', 'wasm', 'scripted', 'npu'].map(describeEngine)).toEqual([
    'WebGPU',
    'TensorFlow.js on WebGL',
    'WebAssembly',
    'Scripted',
    'npu',
  ]);
});
