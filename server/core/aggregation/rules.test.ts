import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { syncPolicy } from '../testing/policies.ts';
import { World } from '../testing/world.ts';
import { createAggregation } from './aggregation.ts';
import { AGGREGATION_NAMES } from './rules.ts';
import { ruleContract } from './testing/contract.ts';
import { RULE_SETTINGS } from './testing/joined.ts';

describe.each(AGGREGATION_NAMES)('[AG1] [AG4] [AG5] [CM3] [CM4] [UP2] the rule %s', ruleContract);

describe('weights', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 40 });
  const weightsOf = (name: 'mean' | 'sum', samples: number[]) =>
    createAggregation(name, RULE_SETTINGS).coefficients(
      samples.map((each) => ({ samples: each, norm: 1, products: [], vouched: true })),
    );

  it('[AG2] of a mean are the shares of the samples and sum to 1', () => {
    fc.assert(
      fc.property(sizes, (samples) => {
        const total = samples.reduce((sum, each) => sum + each, 0);
        const weights = weightsOf('mean', samples);
        expect(weights).toEqual(samples.map((each) => each / total));
        expect(Math.abs(weights.reduce((sum, each) => sum + each, 0) - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  it('[AG13] of a record are the coefficients, rounded once', () => {
    const world = new World({ policy: syncPolicy({ roundSize: 3 }) });
    const devices = world.readyDevices(3, { unitMs: null });
    world.coordinator.start();
    world.wire.drain();
    for (const device of devices) device.push();
    world.wire.drain();
    const third = Math.fround(1 / 3);
    expect(world.recorder.membersAt(1).map(({ weight }) => weight)).toEqual([third, third, third]);
  });

  it('[AG3] of a sum are 1', () => {
    expect(weightsOf('sum', [1, 500, 20])).toEqual([1, 1, 1]);
  });
});
