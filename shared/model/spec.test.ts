import { describe, expect, it } from 'vitest';
import { ModelSpecError, outputShapes, parseModelSpec } from './spec.ts';

const CONV = { kind: 'conv2d', filters: 4, kernel: 3 };
const POOL = { kind: 'maxPool', size: 2 };
const FLATTEN = { kind: 'flatten' };
const DENSE = { kind: 'dense', units: 10 };

const GOOD = {
  name: 'own',
  input: [28, 28, 1],
  normalise: { mean: 0.5, deviation: 0.25 },
  layers: [CONV, { kind: 'relu' }, POOL, FLATTEN, DENSE],
  loss: 'softmax-cross-entropy',
  initialiser: 'pytorch',
};

function messageOf(declaration: unknown): string {
  try {
    parseModelSpec(declaration);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelSpecError);
    return (error as ModelSpecError).message;
  }
  throw new Error('the declaration was taken');
}

const withLayer = (layer: object) => ({ ...GOOD, layers: [layer, FLATTEN, DENSE] });

describe('a model declaration', () => {
  it('[MD1] that is right is taken, with stride 1 and valid padding where it names none', () => {
    expect(parseModelSpec(GOOD)).toEqual({
      ...GOOD,
      layers: [{ ...CONV, stride: 1, padding: 'valid' }, ...GOOD.layers.slice(1)],
    });
  });

  it.each([
    ['name', { ...GOOD, name: 'Own' }],
    ['name', { ...GOOD, name: '' }],
    ['name', { ...GOOD, name: '../own' }],
    ['name', { ...GOOD, name: 'a'.repeat(65) }],
    ['input', { ...GOOD, input: [28, 28] }],
    ['input.1', { ...GOOD, input: [28, 0, 1] }],
    ['input.2', { ...GOOD, input: [28, 28, 1.5] }],
    ['input.0', { ...GOOD, input: [4097, 28, 1] }],
    ['normalise', { ...GOOD, normalise: undefined }],
    ['normalise.mean', { ...GOOD, normalise: { mean: NaN, deviation: 1 } }],
    ['normalise.deviation', { ...GOOD, normalise: { mean: 0, deviation: 0 } }],
    ['normalise.deviation', { ...GOOD, normalise: { mean: 0, deviation: Infinity } }],
    ['layers', { ...GOOD, layers: [] }],
    ['layers', { ...GOOD, layers: Array.from({ length: 65 }, () => ({ kind: 'relu' })) }],
    ['layers.0.kind', withLayer({ kind: 'conv3d' })],
    ['layers.0.filters', withLayer({ ...CONV, filters: 0 })],
    ['layers.0.kernel', withLayer({ ...CONV, kernel: 8 })],
    ['layers.0.stride', withLayer({ ...CONV, stride: 3 })],
    ['layers.0.padding', withLayer({ ...CONV, padding: 'full' })],
    ['layers.0.size', withLayer({ ...POOL, size: 1 })],
    ['layers.2.units', { ...GOOD, layers: [CONV, FLATTEN, { ...DENSE, units: -1 }] }],
    ['loss', { ...GOOD, loss: 'mse' }],
    ['initialiser', { ...GOOD, initialiser: 'zeros' }],
  ])('[MD1] with a wrong %s is refused by that name', (field, declaration) => {
    expect(messageOf(declaration)).toMatch(new RegExp(`^model: ${field.replaceAll('.', '\\.')}: \\w`));
  });

  it('[MD1] is told what was expected', () => {
    expect(messageOf({ ...GOOD, initialiser: 'zeros' })).toContain('"he-uniform"');
    expect(messageOf({ ...GOOD, input: [28, 0, 1] })).toContain('>=1');
  });

  it('[MD1] with a field that nobody knows is refused by its name', () => {
    expect(messageOf({ ...GOOD, optimizer: 'sgd' })).toBe('model: Unrecognized key: "optimizer"');
    expect(messageOf(withLayer({ ...CONV, dilation: 2 }))).toBe(
      'model: layers.0: Unrecognized key: "dilation"',
    );
  });

  it.each([undefined, null, 7, 'lenet', [], true])('[MD1] is not %j', (declaration) => {
    expect(messageOf(declaration)).toMatch(/^model: \w/);
  });

  it.each([
    ['layers.0 (dense): flatten its input first', [DENSE]],
    ['layers.1 (conv2d): needs an image, not a flat row', [FLATTEN, CONV, DENSE]],
    ['layers.1 (maxPool): needs an image, not a flat row', [FLATTEN, POOL, DENSE]],
    [
      'layers.1 (maxPool): its input is smaller than its window',
      [{ kind: 'maxPool', size: 28 }, POOL, FLATTEN, DENSE],
    ],
    [
      'layers.1 (conv2d): its input is smaller than its window',
      [{ kind: 'maxPool', size: 14 }, { ...CONV, kernel: 3 }, FLATTEN, DENSE],
    ],
    ['the last layer must give one row of logits: end with a dense layer', [CONV]],
    ['the last layer must give one row of logits: end with a dense layer', [{ kind: 'relu' }]],
    ['the last layer must give one row of logits: end with a dense layer', [CONV, FLATTEN, { kind: 'relu' }]],
  ])('[MD1] whose shapes do not fit is refused: %s', (message, layers) => {
    expect(messageOf({ ...GOOD, layers })).toBe(`model: ${message}`);
  });
});

describe('the shape of a convolution', () => {
  it.each([
    [{ stride: 1, padding: 'valid' }, [26, 25, 4]],
    [{ stride: 2, padding: 'valid' }, [13, 13, 4]],
    [{ stride: 1, padding: 'same' }, [28, 27, 4]],
    [{ stride: 2, padding: 'same' }, [14, 14, 4]],
  ])('[MD2] with %o over 28 x 27 is %o', (options, shape) => {
    const spec = parseModelSpec({
      ...GOOD,
      input: [28, 27, 1],
      layers: [{ ...CONV, ...options }, FLATTEN, DENSE],
    });
    expect(outputShapes(spec)[0]).toEqual(shape);
  });
});
