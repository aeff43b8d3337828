import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BLOCK, cutKeyRanges } from '../../../../shared/model/ranges.ts';
import { syncPolicy } from '../../testing/policies.ts';
import { World } from '../../testing/world.ts';
import { createAggregation } from '../aggregation.ts';
import { RULES, type AggregationName } from '../rules.ts';
import { factsOf, joined, rangesAt, RULE_SETTINGS, whole, type Update } from './joined.ts';

const RUNS = { numRuns: 60 };
/** How far float32 sums of a few members may be from each other, relative to the largest value. */
const ROUNDING = 2 ** -20;

const vector = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, min: -1e3, max: 1e3 });

/** From 1 to 9 updates of one length, a few blocks at most. */
const someUpdates = (most = 4 * BLOCK + 37) =>
  fc.integer({ min: 1, max: most }).chain((length) =>
    fc.array(fc.record({ values: vector(length), samples: fc.integer({ min: 1, max: 5000 }) }), {
      minLength: 1,
      maxLength: 9,
    }),
  );

const lengthOf = ([first]: readonly Update[]) => first?.values.length ?? 0;

function expectNear(left: Float32Array, right: Float32Array, scale: number): void {
  const far = left.findIndex(
    (value, index) => !(Math.abs(value - (right[index] ?? NaN)) <= ROUNDING * scale),
  );
  expect(far === -1 ? 'near' : `${left[far]} and ${right[far]} at ${far}`).toBe('near');
}

/** Devices of different speeds that train by a rule in rounds of four. */
function trained(name: AggregationName, shards: number): World {
  const world = new World({ aggregation: name, policy: syncPolicy({ roundSize: 4 }), shards });
  for (const unitMs of [70, 90, 110, 190]) world.device({ unitMs }).join().ready();
  world.committed = () => {
    if (world.coordinator.version === 8) world.coordinator.stop();
  };
  world.coordinator.start();
  world.pass(10_000);
  return world;
}

/** What every aggregation rule has to hold: it is run over the table of rules. */
export function ruleContract(name: AggregationName): void {
  it('gives the same bits on 1, 2 and 4 shards, and wherever the vector is cut between blocks', () => {
    const cut = someUpdates().chain((updates) => {
      const inner = Math.ceil(lengthOf(updates) / BLOCK) - 1;
      const blocks = Array.from({ length: inner }, (_, index) => index + 1);
      return fc.tuple(fc.constant(updates), fc.subarray(blocks));
    });
    fc.assert(
      fc.property(cut, ([updates, ends]) => {
        const length = lengthOf(updates);
        const once = joined(name, updates, whole(length));
        expect(joined(name, updates, rangesAt(length, ends))).toEqual(once);
        for (const shards of [2, 4].filter((count) => count <= Math.ceil(length / BLOCK)))
          expect(joined(name, updates, cutKeyRanges(length, shards))).toEqual(once);
      }),
      RUNS,
    );
  });

  it('gives the same for another order of the members, but for what float32 addition rounds', () => {
    const shuffled = someUpdates(300).chain((updates) =>
      fc.tuple(
        fc.constant(updates),
        fc.shuffledSubarray(updates, { minLength: updates.length, maxLength: updates.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([updates, others]) => {
        const ranges = whole(lengthOf(updates));
        const one = joined(name, updates, ranges);
        const other = joined(name, others, ranges);
        if (RULES[name].shape === 'coordinate') expect(other).toEqual(one);
        else expectNear(other, one, 1e3 * updates.length);
      }),
      RUNS,
    );
  });

  it('gives a single update as it is', () => {
    fc.assert(
      fc.property(someUpdates(300), ([update]) => {
        if (update === undefined) throw new Error('there is one at least');
        const alone = joined(name, [update], whole(update.values.length));
        // Adding 0 makes the two zeros one.
        expect(alone.map((value) => value + 0)).toEqual(update.values.map((value) => value + 0));
      }),
      RUNS,
    );
  });

  it('gives of updates that are all equal that update, times the sum of their coefficients', () => {
    fc.assert(
      fc.property(someUpdates(300), fc.integer({ min: 1, max: 9 }), ([update], count) => {
        if (update === undefined) throw new Error('there is one at least');
        const updates = Array.from({ length: count }, () => update);
        const { coefficients } = createAggregation(name, RULE_SETTINGS);
        const sum = coefficients(factsOf(updates, whole(update.values.length))).reduce(
          (all, each) => all + each,
        );
        const factor = RULES[name].shape === 'coordinate' ? 1 : sum;
        const expected = update.values.map((value) => factor * value);
        expectNear(joined(name, updates, whole(expected.length)), expected, 1e3 * count);
      }),
      RUNS,
    );
  });

  it('lets no NaN and no infinity into a model, since none is staged', () => {
    for (const poison of [NaN, Infinity, -Infinity]) {
      const world = new World({ aggregation: name, policy: syncPolicy({ roundSize: 3 }) });
      const [hostile, ...honest] = world.readyDevices(3, { unitMs: null });
      world.coordinator.start();
      world.wire.drain();
      hostile?.push(hostile.lease, { values: (values) => values.fill(poison, 3, 4) });
      for (const device of honest) device.push();
      world.pass(30_000);
      expect(hostile?.outcomes()).toContain('NOT_FINITE');
      expect(world.coordinator.version).toBe(1);
      expect(world.parameters.every(Number.isFinite)).toBe(true);
    }
  });

  it('trains to the bits that a plain model gets from the records, on 1 and on 4 shards', () => {
    const one = trained(name, 1);
    const four = trained(name, 4);
    expect(one.coordinator.version).toBe(8);
    expect(four.recorder.records).toEqual(one.recorder.records);
    expect(four.parameters).toEqual(one.parameters);
    expect(one.plain().at(-1)).toEqual(one.parameters);
  });

  it('says what it does, and reads only settings that there are', () => {
    const { help, minUpdates, reads } = RULES[name];
    expect(help).toMatch(/^[a-z].*[^.]$/);
    expect(minUpdates(RULE_SETTINGS)).toBeGreaterThanOrEqual(1);
    expect(Object.keys(RULE_SETTINGS)).toEqual(expect.arrayContaining([...reads]));
  });
}
