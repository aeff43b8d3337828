import { describe, expect, it } from 'vitest';
import { syncPolicy } from '../testing/policies.ts';
import { World } from '../testing/world.ts';
import type { AggregationName } from './rules.ts';

const DEVICES = 5;
const COMMITS = 4;

/** What a run comes to whose first device may turn its updates round and make them twenty times as large. */
function parametersOf(aggregation: AggregationName, isHostile: boolean): Float32Array {
  const world = new World({ aggregation, policy: syncPolicy({ roundSize: DEVICES }) });
  const [first, ...others] = world.readyDevices(DEVICES, { unitMs: null });
  world.coordinator.start();
  for (let commit = 0; commit < COMMITS; commit++) {
    world.wire.drain();
    first?.push(first.lease, isHostile ? { values: (values) => values.map((value) => -20 * value) } : {});
    for (const device of others) device.push();
    world.wire.drain();
  }
  expect(world.coordinator.version).toBe(COMMITS);
  return world.parameters;
}

const distance = (one: Float32Array, other: Float32Array): number =>
  Math.hypot(...one.map((value, index) => value - (other[index] ?? NaN)));

describe('one hostile device of five', () => {
  const honest = parametersOf('mean', false);
  const harmOf = (rule: AggregationName) => distance(parametersOf(rule, true), honest);

  it.each(['trimmedMean', 'median', 'normClip', 'geometricMedian'] as const)(
    '[AG7] [AG20] [AG8] [AG22] does less than a fifth of the harm by %s that it does by mean',
    (rule) => {
      expect(harmOf(rule)).toBeLessThan(harmOf('mean') / 5);
    },
  );
});
