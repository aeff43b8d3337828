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

const withLayer = (layer: unknown) => ({ ...GOOD, layers: [layer, FLATTEN, DENSE] });

describe('a model declaration', () => {
  it('[MD1] that is right is taken, with stride 1 and valid padding where it names none', () => {
    expect(parseModelSpec(GOOD)).toEqual({
      ...GOOD,
      layers: [{ ...CONV, stride: 1, padding: 'valid' }, ...GOOD.layers.slice(1)],
    });
  });

  it.each([
    ['name "Own"', { ...GOOD, name: 'Own' }],
    ['name ""', { ...GOOD, name: '' }],
    ['name "../own"', { ...GOOD, name: '../own' }],
    [`name "${'a'.repeat(59)}...`, { ...GOOD, name: 'a'.repeat(65) }],
    ['input [28,28]', { ...GOOD, input: [28, 28] }],
    ['input.1 0', { ...GOOD, input: [28, 0, 1] }],
    ['input.2 1.5', { ...GOOD, input: [28, 28, 1.5] }],
    ['input.0 4097', { ...GOOD, input: [4097, 28, 1] }],
    ['normalise: mean NaN', { ...GOOD, normalise: { mean: NaN, deviation: 1 } }],
    ['normalise: deviation 0', { ...GOOD, normalise: { mean: 0, deviation: 0 } }],
    ['normalise: deviation Infinity', { ...GOOD, normalise: { mean: 0, deviation: Infinity } }],
    ['layers []', { ...GOOD, layers: [] }],
    ['layers [{"kind":"relu"}', { ...GOOD, layers: Array.from({ length: 65 }, () => ({ kind: 'relu' })) }],
    ['layers.0 7', withLayer(7)],
    ['layers.0 null', withLayer(null)],
    ['layers.0: kind "conv3d"', withLayer({ kind: 'conv3d' })],
    ['layers.0 (conv2d): filters 0', withLayer({ ...CONV, filters: 0 })],
    ['layers.0 (conv2d): kernel 8', withLayer({ ...CONV, kernel: 8 })],
    ['layers.0 (conv2d): stride 3', withLayer({ ...CONV, stride: 3 })],
    ['layers.0 (conv2d): padding "full"', withLayer({ ...CONV, padding: 'full' })],
    ['layers.0 (maxPool): size 1', withLayer({ ...POOL, size: 1 })],
    ['layers.2 (dense): units -1', { ...GOOD, layers: [CONV, FLATTEN, { ...DENSE, units: -1 }] }],
    ['loss "mse"', { ...GOOD, loss: 'mse' }],
    ['initialiser "zeros"', { ...GOOD, initialiser: 'zeros' }],
    ['undefined', undefined],
    ['null', null],
    ['7', 7],
    ['"lenet"', 'lenet'],
    ['[]', []],
  ])('[MD6] with %s is refused by the field and its value', (field, declaration) => {
    const message = messageOf(declaration);
    expect(message.startsWith(`model: ${field}`)).toBe(true);
    expect(message).toContain(' is not ');
    expect(message).not.toMatch(/invalid|expected|zod/i);
  });

  it.each([
    ['stride 3 is not 1 or 2', withLayer({ ...CONV, stride: 3 })],
    ['kernel "3" is not a whole number from 1 to 7', withLayer({ ...CONV, kernel: '3' })],
    ['layers.0 (maxPool): size 33 is not a whole number from 2 to 32', withLayer({ ...POOL, size: 33 })],
    ['input.1 0 is not a whole number from 1 to 4096', { ...GOOD, input: [28, 0, 1] }],
    ['"zeros" is not one of pytorch, glorot-uniform, he-uniform', { ...GOOD, initialiser: 'zeros' }],
    ['layers [] is not a list of 1 to 64 layers', { ...GOOD, layers: [] }],
    ['layers.0: kind is missing: it is one of conv2d, relu, maxPool, flatten, dense', withLayer({})],
    ['layers.0 (conv2d): kernel is missing', withLayer({ kind: 'conv2d', filters: 4 })],
    ['normalise is missing: it is an object with mean, deviation', { ...GOOD, normalise: undefined }],
    ['7 is not an object with name, input, normalise, layers, loss, initialiser', 7],
  ])('[MD1] [MD6] is told what was expected: %s', (words, declaration) => {
    expect(messageOf(declaration)).toContain(words);
  });

  it.each([
    ['model: optimizer is no field of a model', { ...GOOD, optimizer: 'sgd' }],
    ['model: layers.0 (conv2d): dilation is no field of conv2d', withLayer({ ...CONV, dilation: 2 })],
  ])('[MD1] [MD6] with a field that nobody knows is refused by its name: %s', (words, declaration) => {
    expect(messageOf(declaration)).toMatch(
      new RegExp(`^${words.replace(/[.()]/g, '\\$&')}, which has [\\w, ]+$`),
    );
  });

  it.each([
    [
      `model: ?[2J??${'k'.repeat(54)}... is no field of a model, which has name, input,`,
      { ...GOOD, [`\u001b[2J\u009b\u202e${'k'.repeat(10_000)}`]: 1 },
    ],
    [
      `model: input.0 "?[2J${'k'.repeat(55)}... is not a whole number`,
      { ...GOOD, input: [`\u009b[2J${'k'.repeat(10_000)}`, 28, 1] },
    ],
    [
      `model: layers.0: kind "?${'k'.repeat(58)}... is not one of`,
      withLayer({ kind: `\u202e${'k'.repeat(1000)}` }),
    ],
  ])('[MD1] is shown without what would move a terminal, and cut: %s', (words, declaration) => {
    const message = messageOf(declaration);
    expect(message.slice(0, words.length)).toBe(words);
    expect(message).toMatch(/^[\x20-\x7e]{1,300}$/);
  });

  it.each([
    ['filters', withLayer({ kind: 'conv2d', filter: 4, kernel: 3 })],
    ['conv2d', withLayer({ ...CONV, kind: 'conv3d' })],
    ['maxPool', withLayer({ kind: 'maxpool', size: 2 })],
    ['same', withLayer({ ...CONV, padding: 'sane' })],
    ['he-uniform', { ...GOOD, initialiser: 'he_uniform' }],
    ['normalise', { ...GOOD, normalise: undefined, normalize: GOOD.normalise }],
  ])('[MD1] is told that it may mean %s', (meant, declaration) => {
    expect(messageOf(declaration)).toMatch(new RegExp(`; did you mean ${meant}\\?$`));
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
