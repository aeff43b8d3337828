import { describe, expect, it } from 'vitest';
import { parseModelSpec } from '../../shared/model/spec.ts';
import { zoo } from '../zoo/index.ts';
import { checkFit, fitNote } from './fit.ts';
import { mnist } from './mnist.ts';

const MNIST = mnist.description;

const modelOf = (input: number[], units: number) =>
  parseModelSpec({
    name: 'own',
    input,
    normalise: { mean: 0.5, deviation: 0.25 },
    layers: [{ kind: 'flatten' }, { kind: 'dense', units }],
    loss: 'softmax-cross-entropy',
    initialiser: 'pytorch',
  });

describe('a model and the data set', () => {
  it.each([...zoo])('[MD5] %s fits MNIST', (_name, { spec }) => {
    expect(() => checkFit(spec, MNIST)).not.toThrow();
    expect(fitNote(spec, MNIST)).toBeNull();
  });

  it.each([
    [[8, 8, 1], '8 x 8 x 1'],
    [[28, 28, 3], '28 x 28 x 3'],
    [[32, 28, 1], '32 x 28 x 1'],
  ])('[MD5] input %j does not fit, and both shapes are named', (input, named) => {
    expect(() => checkFit(modelOf(input, 10), MNIST)).toThrow(
      `model: input ${named} does not fit MNIST, whose images are 28 x 28 x 1`,
    );
  });

  it.each([1, 9])('[MD11] %i outputs are too few for ten classes', (units) => {
    expect(() => checkFit(modelOf([28, 28, 1], units), MNIST)).toThrow(
      `model: its last layer has ${units} units, MNIST has 10 classes: it needs one for each`,
    );
  });

  it('[MD12] more outputs than classes can be trained, and are said', () => {
    const wide = modelOf([28, 28, 1], 12);
    expect(() => checkFit(wide, MNIST)).not.toThrow();
    expect(fitNote(wide, MNIST)).toBe(
      'own has 12 outputs, MNIST has 10 classes: no image belongs to the other outputs.',
    );
  });
});
