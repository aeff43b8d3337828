import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest.ts';

const HASHES = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
const GOOD = {
  name: 'own-1',
  title: 'My own',
  elementType: 'uint8',
  inputShape: [8, 6, 3],
  classes: 4,
  labelType: 'uint8',
  mean: [0.1, 0.2, 0.3],
  deviation: [0.3, 0.2, 0.1],
  hash: 'd'.repeat(64),
  train: {
    samples: 15,
    dataShards: [
      { hash: HASHES[0], samples: 10 },
      { hash: HASHES[1], samples: 5 },
    ],
  },
  test: { samples: 7, dataShards: [{ hash: HASHES[2], samples: 7 }] },
};

describe('a manifest', () => {
  it.each([GOOD, { ...GOOD, elementType: 'float32' }, { ...GOOD, classes: 256 }])(
    '[DS10] that holds together is taken as it is',
    (manifest) => {
      expect(parseManifest(manifest)).toEqual(manifest);
    },
  );

  it.each<[string, object]>([
    ['manifest: name "Own" is not 1 to 64 lower-case letters', { name: 'Own' }],
    ['manifest: title is missing: it is a text', { title: undefined }],
    ['manifest: elementType "uint16" is not one of uint8, float32', { elementType: 'uint16' }],
    ['manifest: labelType "text" is not uint8', { labelType: 'text' }],
    ['manifest: inputShape [8,6] is not three whole numbers', { inputShape: [8, 6] }],
    ['manifest: inputShape.2 0 is not a whole number', { inputShape: [8, 6, 0] }],
    ['manifest: classes 257 is not a whole number from 1 to 256', { classes: 257 }],
    ['manifest: hash "x" is not a SHA-256', { hash: 'x' }],
    ['manifest: train: samples 0 is not a whole number', { train: { samples: 0, dataShards: [] } }],
    ['manifest: origin is no field of a manifest', { origin: 'here' }],
    ['manifest of own-1: mean has 1 numbers, the images have 3 channels', { mean: [0.5] }],
    ['manifest of own-1: deviation has 4 numbers, the images have 3 channels', { deviation: [1, 1, 1, 1] }],
    [
      'manifest of own-1: train has 16 samples, its data shards 15',
      { train: { ...GOOD.train, samples: 16 } },
    ],
    ['manifest of own-1: test has 7 samples, its data shards 0', { test: { samples: 7, dataShards: [] } }],
    [
      `manifest of own-1: the data shard ${HASHES[1]} is in train and in test`,
      { test: { samples: 7, dataShards: [{ hash: HASHES[1], samples: 7 }] } },
    ],
  ])('[DS10] is refused: %s', (message, changes) => {
    expect(() => parseManifest({ ...GOOD, ...changes })).toThrow(message);
  });
});
