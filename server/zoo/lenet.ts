import type { ZooEntry } from './entry.ts';

/** Two 5x5 convolutions and one dense layer, after LeCun et al. 1998: 5,994 parameters. */
export const lenet: ZooEntry = {
  spec: {
    name: 'lenet',
    input: [28, 28, 1],
    normalise: { mean: 0.1307, deviation: 0.3081 },
    layers: [
      { kind: 'conv2d', filters: 8, kernel: 5, stride: 1, padding: 'valid' },
      { kind: 'relu' },
      { kind: 'maxPool', size: 2 },
      { kind: 'conv2d', filters: 16, kernel: 5, stride: 1, padding: 'valid' },
      { kind: 'relu' },
      { kind: 'maxPool', size: 2 },
      { kind: 'flatten' },
      { kind: 'dense', units: 10 },
    ],
    loss: 'softmax-cross-entropy',
    initialiser: 'pytorch',
  },
  recipe: {
    target: 0.985,
    mode: 'sync',
    gradient: { batch: 16, lr: 0.003, optimizer: 'adam' },
    local: { steps: 120, batch: 4, lr: 0.06, momentum: 0, decay: 60, average: 20 },
  },
};
