import type { ZooEntry } from './entry.ts';

/** The convnet of the Ray parameter-server project that this one descends from: 1,960 parameters. */
export const rayConvnet: ZooEntry = {
  spec: {
    name: 'ray-convnet',
    input: [28, 28, 1],
    normalise: { mean: 0.1307, deviation: 0.3081 },
    layers: [
      { kind: 'conv2d', filters: 3, kernel: 3, stride: 1, padding: 'valid' },
      { kind: 'maxPool', size: 3 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'dense', units: 10 },
    ],
    loss: 'softmax-cross-entropy',
    initialiser: 'pytorch',
  },
  recipe: {
    target: 0.95,
    mode: 'async',
    gradient: { batch: 32, lr: 0.006, optimizer: 'adam' },
    local: null,
  },
};
