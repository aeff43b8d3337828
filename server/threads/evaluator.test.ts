import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../shared/model/initialise.ts';
import { zoo } from '../zoo/index.ts';
import { mnist } from '../dataset/mnist.ts';
import { Evaluator } from './evaluator.ts';

const spec = zoo.get('ray-convnet')?.spec;
if (spec === undefined) throw new Error('ray-convnet is in the zoo');
const parameters = initialParameters(spec, 1);

describe('Evaluator', () => {
  it('[EV1] measures accuracy and loss, the same each time, on all the images it was given', async () => {
    const { test } = await mnist.read();
    const evaluator = new Evaluator({ model: spec, test, arithmetic: 'fastest' });
    // All images alike: the seventh of the ten outputs, whose biases come last, is one above the others.
    const biased = new Float32Array(parameters.length);
    biased[biased.length - 4] = 1;
    const share = test.labels.filter((label) => label === 6).length / test.samples;
    const known = await evaluator.evaluate(biased);
    expect(known.testAccuracy).toBe(share);
    expect(known.testLoss).toBeCloseTo(Math.log(9 + Math.E) - share, 5);
    const first = await evaluator.evaluate(parameters);
    expect(first).not.toEqual(known);
    expect(await evaluator.evaluate(parameters)).toEqual(first);
    await evaluator.close();
  });

  it('[EV2] a thread that fails ends neither the process nor the next evaluation', async () => {
    const { test } = await mnist.read();
    // Parameters of no use to the model make the thread throw.
    const evaluator = new Evaluator({ model: spec, test, arithmetic: 'fastest' });
    const before = await evaluator.evaluate(parameters);
    await expect(evaluator.evaluate(new Float32Array(3))).rejects.toThrow(
      `3 parameters, the model has ${parameters.length}`,
    );
    expect(await evaluator.evaluate(parameters)).toEqual(before);
    await evaluator.close();
  });

  it('[EV1] a thread that cannot begin is told of by the evaluation that needs it, and is tried again', async () => {
    const { test } = await mnist.read();
    const evaluator = new Evaluator({
      model: { ...spec, layers: [{ kind: 'flatten' }] },
      test,
      arithmetic: 'fastest',
    });
    for (let evaluation = 0; evaluation < 2; evaluation++) {
      await expect(evaluator.evaluate(parameters)).rejects.toThrow('a model without stages');
    }
    await evaluator.close();
  });
});
