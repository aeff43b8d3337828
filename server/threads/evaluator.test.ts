import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../shared/model/initialise.ts';
import { zoo } from '../../shared/model/zoo/index.ts';
import { loadMnist } from '../dataset/mnist.ts';
import { Evaluator } from './evaluator.ts';

const spec = zoo.get('ray-convnet')?.spec;
if (spec === undefined) throw new Error('ray-convnet is in the zoo');
const parameters = initialParameters(spec, 1);

describe('Evaluator', () => {
  it('[EV1] measures the same parameters the same, on all the images it was given', async () => {
    const { test } = await loadMnist();
    const evaluator = new Evaluator({ model: spec, test, arithmetic: 'fastest' });
    const first = await evaluator.evaluate(parameters);
    expect(first.testAccuracy).toBeGreaterThan(0.02);
    expect(first.testAccuracy).toBeLessThan(0.3);
    expect(first.testLoss).toBeCloseTo(Math.log(10), 0);
    expect(await evaluator.evaluate(parameters)).toEqual(first);
    await evaluator.close();
  });

  it('[EV1] a thread that fails ends neither the process nor the next evaluation', async () => {
    const { test } = await loadMnist();
    // Parameters of no use to the model make the thread throw.
    const evaluator = new Evaluator({ model: spec, test, arithmetic: 'fastest' });
    await expect(evaluator.evaluate(new Float32Array(3))).rejects.toThrow();
    expect((await evaluator.evaluate(parameters)).testAccuracy).toBeGreaterThan(0);
    await evaluator.close();
  });

  it('[EV1] a thread that cannot begin is told of by the evaluation that needs it, and is tried again', async () => {
    const { test } = await loadMnist();
    const evaluator = new Evaluator({
      model: { ...spec, layers: [{ kind: 'flatten' }] },
      test,
      arithmetic: 'fastest',
    });
    await expect(evaluator.evaluate(parameters)).rejects.toThrow();
    await expect(evaluator.evaluate(parameters)).rejects.toThrow();
    await evaluator.close();
  });
});
