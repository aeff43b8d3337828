import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightAverage } from './weightAverage.ts';
import { NEWEST } from './shardPort.ts';
import { Shard, type SliceAnswer } from './shard.ts';
import { syncPolicy } from '../testing/policies.ts';
import { KEY, INCARNATION } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';
import { PLAIN_OPTIMIZER } from '../testing/plainModel.ts';

/** The average of a sequence as its definition says, in doubles. */
function defined(reach: number, start: number, values: number[]): number {
  return values.reduce((average, value, index) => {
    const weight = Math.max(1 / reach, 1 / (1 + (index + 1) / 10));
    return average + weight * (value - average);
  }, start);
}

describe('the moving average', () => {
  it('[OP2] is what its definition says, whatever comes', () => {
    const value = fc.double({ min: -10, max: 10, noNaN: true }).map(Math.fround);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), value, fc.array(value), (reach, start, values) => {
        const average = new WeightAverage(reach, Float32Array.of(start));
        values.forEach((each, index) => average.include(Float32Array.of(each), index + 1));
        expect(average.copy()[0]).toBeCloseTo(defined(reach, start, values), 4);
      }),
    );
  });

  it('[OP2] is the newest parameters where it reaches back over one commit', () => {
    const average = new WeightAverage(1, Float32Array.of(5));
    average.include(Float32Array.of(7), 1);
    expect(average.copy()).toEqual(Float32Array.of(7));
  });
});

describe('a shard that averages', () => {
  it('[OP2] [OP4] gives the average as the model, the newest parameters to workers, and goes on from both', async () => {
    const world = new World({ policy: syncPolicy(), shards: 1, average: 4 });
    const [shard] = world.shards;
    const range = world.ranges[0];
    if (shard === undefined || range === undefined) throw new Error('there is one');
    world.readyDevices(2);
    world.coordinator.start();
    world.pass(2000);
    const { version, parameters, optimizerState } = await shard.snapshot();
    expect(version).toBeGreaterThan(4);
    const newest = optimizerState.slots[NEWEST];
    expect(newest).toEqual(world.plain().at(version));
    expect(parameters).not.toEqual(newest);
    const element = parameters[0] ?? 0;
    const before = world.plain().map((each) => each[0] ?? 0);
    expect(element).toBeCloseTo(defined(4, before[0] ?? 0, before.slice(1, version + 1)), 5);

    const again = new Shard(
      {
        index: 0,
        ranges: world.ranges,
        incarnation: INCARNATION,
        key: KEY,
        version,
        updates: version,
        parameters,
        optimizer: PLAIN_OPTIMIZER,
        average: 4,
        deviceMomentum: 0,
        products: false,
        optimizerState,
      },
      world.clock,
      world.coordinator,
    );
    expect(await again.snapshot()).toEqual({ version, parameters, optimizerState });
    const answers: SliceAnswer[] = [];
    again.pull(version, (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ outcome: 'OK', version, slice: newest }]);
  });
});
