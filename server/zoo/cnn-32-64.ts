import type { ZooEntry } from './entry.ts';

/** Two 3x3 convolutions of 32 and 64 filters and one dense layer: 34,826 parameters. */
export const cnn3264: ZooEntry = {
  spec: {
    name: 'cnn-32-64',
    input: [28, 28, 1],
    normalise: { mean: 0.1307, deviation: 0.3081 },
    layers: [
      { kind: 'conv2d', filters: 32, kernel: 3, stride: 1, padding: 'valid' },
      { kind: 'relu' },
      { kind: 'maxPool', size: 2 },
      { kind: 'conv2d', filters: 64, kernel: 3, stride: 1, padding: 'valid' },
      { kind: 'relu' },
      { kind: 'maxPool', size: 2 },
      { kind: 'flatten' },
      { kind: 'dense', units: 10 },
    ],
    loss: 'softmax-cross-entropy',
    initialiser: 'pytorch',
  },
  recipe: {
    target: 0.95,
    mode: 'async',
    gradient: { batch: 32, lr: 0.002, optimizer: 'adam' },
    local: null,
  },
};
