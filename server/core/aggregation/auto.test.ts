import { describe, expect, it } from 'vitest';
import type { UpdateFacts } from './rule.ts';
import { createAggregation } from './aggregation.ts';
import { factsOf, RULE_SETTINGS, whole } from './testing/joined.ts';

const UPDATES = [1, 2, 900].map((value, index) => ({
  samples: 10 * (index + 1),
  values: new Float32Array(4).fill(value),
}));

const weightsBy = (name: 'auto' | 'mean' | 'geometricMedian', updates: UpdateFacts[]) =>
  createAggregation(name, RULE_SETTINGS).coefficients(updates);
const facts = (...vouched: boolean[]) =>
  factsOf(UPDATES, whole(4)).map((each, index) => ({ ...each, vouched: vouched[index] ?? true }));

describe('auto', () => {
  it('[AG24] is exactly the mean where the operator vouches for all devices', () => {
    const all = facts(true, true, true);
    expect(weightsBy('auto', all)).toEqual(weightsBy('mean', all));
    expect(weightsBy('auto', all)).not.toEqual(weightsBy('geometricMedian', all));
  });

  it.each([[[false, true, true]], [[true, true, false]], [[false, false, false]]])(
    '[AG24] is the geometric median where one is of a stranger: vouched %j',
    (vouched) => {
      const some = facts(...vouched);
      expect(weightsBy('auto', some)).toEqual(weightsBy('geometricMedian', some));
    },
  );
});
