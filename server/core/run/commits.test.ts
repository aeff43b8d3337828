import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK, cutKeyRanges, sliceOf } from '../../../shared/model/ranges.ts';
import { combine } from '../aggregation/combine.ts';
import type { AggregationName } from '../aggregation/rules.ts';
import { blockProducts, blockSquares, normOfBlocks, sumOfBlocks } from '../shard/norms.ts';
import type { Policy } from '../policy/policy.ts';
import type { SliceAnswer } from '../shard/shard.ts';
import { asyncPolicy, bufferedPolicy, syncPolicy } from '../testing/policies.ts';
import { twoDevices } from '../testing/twoDevices.ts';
import { World } from '../testing/world.ts';

const { fround } = Math;
const WEIGHING = { shape: 'weighing' } as const;
const floats = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, min: -1e3, max: 1e3 });

/** Devices of different speeds that train for a while. */
function trained(policy: Policy, shards: number, commits = 12) {
  const world = new World({ policy, shards });
  for (const unitMs of [70, 110, 190]) world.device({ unitMs }).join().ready();
  world.committed = () => {
    if (world.coordinator.version === commits) world.coordinator.stop();
  };
  world.coordinator.start();
  world.pass(10_000);
  return world;
}

it('[CM1] [LS4] a connection that ends in the moment of its answer has nobody work on a version that passes', () => {
  for (const shards of [1, 2]) {
    const world = new World({ policy: syncPolicy(), shards });
    const [one, other] = world.readyDevices(2, { unitMs: null });
    if (one === undefined || other === undefined) throw new Error('two joined');
    world.coordinator.start();
    world.wire.drain();
    const waiting = world.device({ unitMs: null }).join().ready();
    world.wire.drain();
    one.pushNow();
    other.answering = () => {
      other.answering = () => undefined;
      other.vanish();
    };
    other.pushNow();
    expect(world.coordinator.version).toBe(1);
    expect(waiting.leases.map(({ terms }) => terms.baseVersion)).toEqual([1]);
    expect(world.plain().at(-1)).toEqual(world.parameters);
  }
});

describe('aggregates and norms', () => {
  it('[SL3] a norm is bit-identical for any number of shards', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 * BLOCK }).chain(floats), (vector) => {
        const whole = normOfBlocks(blockSquares(vector));
        for (let shards = 1; shards <= Math.ceil(vector.length / BLOCK); shards++) {
          const ranges = cutKeyRanges(vector.length, shards);
          expect(normOfBlocks(ranges.flatMap((range) => blockSquares(sliceOf(vector, range))))).toBe(whole);
        }
        const plain = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
        expect(Math.abs(whole - plain)).toBeLessThanOrEqual(1e-12 * plain);
      }),
      { numRuns: 50 },
    );
  });

  it('[SL4] an inner product is bit-identical for any number of shards, and whichever of the two is staged first', () => {
    const pairs = fc
      .integer({ min: 1, max: 5 * BLOCK })
      .chain((length) => fc.tuple(floats(length), floats(length)));
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const productOf = (left: Float32Array, right: Float32Array, shards: number) =>
          sumOfBlocks(
            cutKeyRanges(left.length, shards).flatMap((range) => {
              const beside = new Map([[1, { values: sliceOf(right, range) }]]);
              return [...blockProducts(sliceOf(left, range), beside).sums];
            }),
          );
        const whole = productOf(one, other, 1);
        for (let shards = 1; shards <= Math.ceil(one.length / BLOCK); shards++)
          expect(productOf(other, one, shards)).toBe(whole);
        expect(productOf(one, one, 1)).toBe(sumOfBlocks(blockSquares(one)));
        const terms = Array.from(one, (value, index) => value * (other[index] ?? NaN));
        const size = terms.reduce((sum, term) => sum + Math.abs(term), 0);
        const plain = terms.reduce((sum, term) => sum + term, 0);
        expect(Math.abs(whole - plain)).toBeLessThanOrEqual(1e-12 * size);
      }),
      { numRuns: 50 },
    );
  });

  it('[CM3] an aggregate is summed in the order of the record, in float32 after every operation', () => {
    const slices = fc.array(fc.tuple(floats(8), fc.float({ noNaN: true, min: 0, max: 2 })), { maxLength: 6 });
    fc.assert(
      fc.property(slices, (members) => {
        const sum = combine(
          WEIGHING,
          members.map(([values, weight]) => ({ values, weight })),
          8,
        );
        for (let index = 0; index < 8; index++) {
          const expected = members.reduce(
            (total, [values, weight]) => fround(total + fround(weight * (values[index] ?? 0))),
            0,
          );
          expect(sum[index]).toBe(expected);
        }
      }),
    );
  });

  it('[CM3] the order of the members counts: float32 addition is not associative', () => {
    const [large, small] = [1e8, 1].map((value) => ({ values: Float32Array.of(value), weight: 1 }));
    const negative = { values: Float32Array.of(-1e8), weight: 1 };
    const sumOf = (...members: (typeof negative | undefined)[]) =>
      combine(
        WEIGHING,
        members.flatMap((each) => each ?? []),
        1,
      )[0];
    expect(sumOf(large, small, negative)).toBe(0);
    expect(sumOf(large, negative, small)).toBe(1);
  });
});

describe.each<[string, () => Policy]>([
  ['async', () => asyncPolicy()],
  ['sync', () => syncPolicy()],
  ['buffered', () => bufferedPolicy({ buffer: 2 })],
])('commits, %s', (_, policy) => {
  it('[CM1] [CM7] each commit makes the next version, and nothing else changes the parameters', () => {
    const world = trained(policy(), 2);
    expect(world.recorder.records.map(({ version }) => version)).toEqual(
      Array.from({ length: 12 }, (_each, index) => index + 1),
    );
    expect(world.parameters).toEqual(world.plain().at(-1));
    expect(world.ledger.unanswered).toBe(0);
  });

  it('[CM4] the number of shards changes no bit of the result', () => {
    const [one, ...others] = [1, 2, 3, 4].map((shards) => trained(policy(), shards));
    for (const world of others) {
      expect(world.recorder.records).toEqual(one?.recorder.records);
      expect(world.parameters).toEqual(one?.parameters);
    }
  });

  it('[CM5] the answer to an applied push carries the weights of exactly the version it became part of', () => {
    const world = trained(policy(), 3);
    const versions = world.plain();
    const applied = world.devices
      .flatMap(({ answers }) => answers)
      .filter(({ outcome }) => outcome === 'APPLIED');
    expect(applied.length).toBeGreaterThanOrEqual(36);
    for (const { lease, shard, version = 0, slice } of applied) {
      expect(world.recorder.membersAt(version).map((member) => member.lease)).toContain(lease);
      const { range } = world.shards[shard] ?? { range: { offset: 0, length: 0 } };
      expect(slice).toEqual(sliceOf(versions[version] ?? new Float32Array(0), range));
    }
  });
});

it('[CM7] a shard takes no commit but the next, and none of a lease that it has not staged', () => {
  const world = new World({ shards: 1 });
  const [shard] = world.shards;
  for (const version of [0, 2, 7])
    expect(() => shard?.commit({ type: 'update', version, rule: WEIGHING, members: [] })).toThrow(
      /does not follow/,
    );
  expect(() =>
    shard?.commit({ type: 'update', version: 1, rule: WEIGHING, members: [{ lease: 3, weight: 1 }] }),
  ).toThrow(/not staged/);
  expect(shard?.version).toBe(0);
  expect(world.parameters).toEqual(world.initial);
});

it('[CM2] an update of which one slice is missing is not applied at all', () => {
  const world = new World({ shards: 4 });
  const [device] = world.readyDevices(1, { unitMs: null });
  world.coordinator.start();
  world.wire.drain();
  device?.push(device.lease, {}, device.gradient(), [0, 1, 3]);
  world.pass(20_000);
  expect(device?.outcomes()).toEqual(['EXPIRED', 'EXPIRED', 'EXPIRED']);
  expect(world.coordinator.version).toBe(0);
  expect(world.parameters).toEqual(world.initial);
});

describe('pulls', () => {
  /** What a pull is answered, once it is. */
  function pulled(world: World, version: number): SliceAnswer[] {
    const answers: SliceAnswer[] = [];
    world.shards[0]?.pull(
      version,
      world.ledger.ask('pull', (answer) => answers.push(answer)),
    );
    return answers;
  }

  /** A device that makes as many commits as it is told to. */
  function committing(world: World) {
    const device = world.device({ unitMs: null }).join().ready();
    return (commits: number) => {
      for (let done = 0; done < commits; done++) {
        world.wire.drain();
        device.pushNow();
      }
    };
  }

  it('[CM9] a version that a lease pins is kept until that lease is decided', () => {
    const world = new World();
    world.coordinator.start();
    const slow = world.device({ unitMs: null }).join().ready();
    const commit = committing(world);
    commit(20);
    expect(pulled(world, 0)[0]?.outcome).toBe('OK');
    expect(pulled(world, 0)[0]?.slice).toEqual(
      sliceOf(world.initial, world.ranges[0] ?? { offset: 0, length: 0 }),
    );
    expect(pulled(world, 1)[0]).toMatchObject({ outcome: 'VERSION_GONE' });
    slow.push();
    world.wire.drain();
    expect(slow.outcomes(slow.leases[0])).toEqual(['APPLIED', 'APPLIED']);
    expect(pulled(world, 0)[0]?.outcome).toBe('VERSION_GONE');
    expect(pulled(world, 20)[0]).toMatchObject({ outcome: 'OK', version: 20 });
  });

  it('[CM10] [CM11] a version not yet here is waited for, and given as itself', () => {
    const world = new World();
    world.coordinator.start();
    const commit = committing(world);
    const next = pulled(world, 1);
    const later = pulled(world, 3);
    commit(1);
    expect(next).toMatchObject([{ outcome: 'OK', version: 1 }]);
    expect(later).toEqual([]);
    world.clock.advance(4999);
    expect(later).toEqual([]);
    world.clock.advance(1);
    expect(later).toMatchObject([{ outcome: 'VERSION_GONE' }]);
    commit(4);
    expect(later).toHaveLength(1);
    expect(world.shards[0]?.held).toBe(0);
  });

  it('[CM6] a shard without its coordinator answers everything that waits', () => {
    const world = new World({ policy: syncPolicy() });
    const [device] = world.readyDevices(2, { unitMs: null });
    world.coordinator.start();
    world.wire.drain();
    device?.pushNow();
    const waiting = pulled(world, 9);
    for (const shard of world.shards) shard.abandon();
    world.wire.drain();
    expect(device?.outcomes()).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    expect(waiting).toMatchObject([{ outcome: 'VERSION_GONE' }]);
    expect(world.ledger.unanswered).toBe(0);
    expect(world.shards.map(({ held }) => held)).toEqual([0, 0]);
  });
});

it('[PO2] the staleness that is shown of a device is that of its newest update', () => {
  const { world, first, second } = twoDevices();
  const shown = () => world.crowd.records().map(({ staleness }) => staleness);
  expect(shown()).toEqual([null, null]);
  const early = first.lease;
  second.pushNow();
  expect(shown()).toEqual([null, 0]);
  second.pushNow();
  first.pushNow(early);
  expect(shown()).toEqual([2, 0]);
  first.pushNow();
  expect(shown()).toEqual([0, 0]);
});

describe('a commit with members that are bounded', () => {
  const weightsOf = (aggregation: AggregationName, vouched: readonly boolean[]) => {
    const world = new World({ policy: syncPolicy(), aggregation });
    for (const each of vouched) world.device({ unitMs: 50, vouched: each }).join().ready();
    world.coordinator.start();
    world.pass(100);
    const record = world.recorder.records[0];
    if (record?.type !== 'update') throw new Error('nothing was committed');
    expect(world.parametersAt(1)).toEqual(world.plain()[1]);
    const byDevice = new Map(
      record.members.map(({ lease, weight }) => [world.leases.get(lease)?.terms.device, weight]),
    );
    return world.devices.map(({ id }) => byDevice.get(id));
  };

  it('[TS15] has them weigh a quarter together, and all the others the rest', () => {
    expect(weightsOf('mean', [true, false])).toEqual([0.75, 0.25]);
  });

  it('[TS15] weighs by the rule alone where all are bounded, or none', () => {
    expect(weightsOf('mean', [false, false])).toEqual([0.5, 0.5]);
    expect(weightsOf('mean', [true, true])).toEqual([0.5, 0.5]);
  });

  it('[TS15] moves no value of a rule that compares values', () => {
    expect(weightsOf('trimmedMean', [true, false])).toEqual([1, 1]);
  });
});
