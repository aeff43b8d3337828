import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greedy, shortestRound, sweep, timeBox, uniform } from './methods.ts';
import {
  rateOf,
  defaultUnitSamples,
  roundMs,
  valueOf,
  type PlacementOption,
  type PlanDevice,
  type RunShape,
} from './plan.ts';
import { makePlan } from './planner.ts';
import { optionsOf, programAt, type Solve } from './program.ts';
import { randomDevices, deviceOf, SHAPE } from './testing/devices.ts';

const never: Solve = () => Promise.reject(new Error('nothing is to be solved'));
const parts = (solve: Solve = never, method: 'ilp' | 'greedy' | 'uniform' = 'ilp') => ({
  method,
  solve,
  budgetMs: 100,
});

/** The best plan of all whose rounds are not too short, by trying every size of every device. */
function exhaustive(devices: PlanDevice[], shape: RunShape, sizes: number[]): number {
  let plans: PlacementOption[][] = [[]];
  for (const device of devices) {
    const choices = sizes.flatMap((samples) =>
      uniform([{ ...device, maxSamples: samples }], { ...shape, steps: samples / shape.batch }),
    );
    const valued = choices.map((each) => ({ ...each, value: device.workers * valueOf(each.samples, shape) }));
    plans = plans.flatMap((plan) => [plan, ...valued.map((choice) => [...plan, choice])]);
  }
  const shortest = shortestRound(devices, shape);
  const long = plans.filter((plan) => roundMs(plan, shape) >= shortest);
  return Math.max(...long.map((plan) => rateOf(plan, shape)));
}

/** Every subset of a program's variables that holds, tried one by one. */
const brute: Solve = (program) => {
  const { values } = program;
  let best = { worth: -1, chosen: [] as number[] };
  for (let bits = 0; bits < 2 ** values.length; bits++) {
    const chosen = values.flatMap((_, variable) => ((bits >> variable) & 1 ? [variable] : []));
    const worth = chosen.reduce((sum, variable) => sum + (values[variable] ?? 0), 0);
    if (worth <= best.worth) continue;
    const options = values.map((value): PlacementOption => ({ ...SHAPE_OPTION, value }));
    if (optionsOf(chosen, program, options) !== null) best = { worth, chosen };
  }
  return Promise.resolve({ chosen: best.worth < 0 ? null : best.chosen, status: 'optimal' });
};
const SHAPE_OPTION = { device: '', batch: 1, steps: 1, samples: 1, workers: 1, ms: 1, bytes: 1, value: 1 };

describe('the value of a plan', () => {
  it('[PL3] counts samples in full up to the default unit, and for less beyond it', () => {
    expect([0, 100, 480].map((samples) => valueOf(samples, SHAPE))).toEqual([0, 100, 480]);
    expect(valueOf(960, SHAPE) / 480).toBeCloseTo(2 ** 0.8, 12);
  });

  it('[PL4] is value over the time of the slowest, or of the server and its line where that is longer', () => {
    const plan = uniform([deviceOf('a', 10_000), deviceOf('b', 1000)], SHAPE);
    expect(roundMs(plan, SHAPE)).toBeCloseTo(482);
    expect(rateOf(plan, SHAPE)).toBeCloseTo(960 / 482);
    expect(roundMs(plan, { ...SHAPE, link: 96 })).toBe(1000);
    expect(rateOf(plan, { ...SHAPE, mode: 'async' })).toBeCloseTo(480 / 50 + 480 / 482);
    expect(rateOf(plan, { ...SHAPE, minWorkers: 3 })).toBe(0);
    expect(rateOf([], SHAPE)).toBe(0);
  });

  it('[PL4] counts what a round takes beyond that, so that rounds are longer where it is much', () => {
    const devices = [deviceOf('a', 20_000), deviceOf('b', 20_000)];
    const overhead = { ...SHAPE, roundOverheadMs: 30 };
    expect(rateOf(uniform(devices, SHAPE), overhead)).toBeCloseTo(960 / (26 + 30));
    expect(roundMs(sweep(devices, overhead), SHAPE)).toBeGreaterThan(roundMs(sweep(devices, SHAPE), SHAPE));
  });
});

describe('plans without a solver', () => {
  it('uniform is the default unit for all, and what a constraint sets where there is one', () => {
    const given = { ...deviceOf('b', 1000), fixed: { batch: 8, steps: 10 } };
    const plan = uniform([deviceOf('a', 10_000), given, { ...deviceOf('c', 1), time: null }], SHAPE);
    expect(plan.map(({ device, batch, steps }) => [device, batch, steps])).toEqual([
      ['a', 4, 120],
      ['b', 8, 10],
    ]);
  });

  it('greedy allocates work in proportion to pace, the default unit on average', () => {
    const plan = greedy([deviceOf('a', 3000), deviceOf('b', 1000)], SHAPE);
    expect(plan.map(({ samples }) => samples)).toEqual([720, 240]);
  });

  it('greedy leaves no device without work, however slow', () => {
    const plan = greedy([deviceOf('a', 100_000), deviceOf('b', 10)], SHAPE);
    expect(plan.map(({ steps }) => steps)).toEqual([239, 1]);
  });

  it('async has all done in the time of the median, no unit beyond the default unit', () => {
    const plan = timeBox([deviceOf('a', 40_000), deviceOf('b', 10_000), deviceOf('c', 1000)], SHAPE);
    expect(plan.map(({ samples }) => samples)).toEqual([480, 480, 48]);
  });

  it('[PL5] the sweep finds what trying everything finds, where nothing is shared', () => {
    const sizes = [120, 240, 480, 960];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 4 }), (seed, count) => {
        const devices = randomDevices(count, seed).map((device) => ({ ...device, maxSamples: Infinity }));
        const best = exhaustive(devices, SHAPE, sizes);
        expect(rateOf(sweep(devices, SHAPE), SHAPE)).toBeGreaterThanOrEqual(best * (1 - 1e-9));
      }),
      { numRuns: 60 },
    );
  });

  it('[PL5] the sweep keeps within the line of the server', () => {
    const devices = randomDevices(40, 7);
    const shape = { ...SHAPE, link: 500 };
    const plan = sweep(devices, shape);
    expect(rateOf(plan, shape)).toBeGreaterThan(rateOf(sweep(devices, SHAPE), shape));
    expect(plan.length).toBeLessThan(sweep(devices, SHAPE).length);
  });
});

describe('a round', () => {
  it('[PL23] is not as short as one quick device among many would have it', () => {
    const honest = Array.from({ length: 10 }, (_, index) => deviceOf(`honest${index}`, 10_000, 5));
    const plan = sweep([...honest, deviceOf('quick', 1e9, 1)], SHAPE);
    expect(plan).toHaveLength(11);
  });

  it('[PL31] has work for a device to which data shards are pinned, however slow', async () => {
    const slow = { ...deviceOf('slow', 100), required: true };
    const devices = [deviceOf('a', 10_000), deviceOf('b', 10_000), slow];
    for (const link of [null, 500]) {
      const unsolved: Solve = () => Promise.resolve({ chosen: null, status: 'time limit' });
      const plan = await makePlan(devices, { ...SHAPE, link }, parts(unsolved));
      expect(plan.options.map(({ device }) => device)).toContain('slow');
    }
    const { program, options } = programAt(50, devices, { ...SHAPE, link: 5000 }, []);
    const others = options.flatMap(({ device }, variable) => (device === 'a' ? [variable] : [])).slice(0, 1);
    expect(optionsOf(others, program, options)).toBeNull();
  });
});

describe('the planner', () => {
  it('[PL7] keeps a plan that is never worse than greedy, and all its options within what a device may do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.constantFrom(1, 2, 5, 10, 30, 100),
        fc.option(fc.integer({ min: 20, max: 5000 })),
        async (seed, count, link) => {
          const devices = randomDevices(count, seed);
          const shape = { ...SHAPE, link };
          const unsolved: Solve = () => Promise.resolve({ chosen: null, status: 'time limit' });
          const plan = await makePlan(devices, shape, parts(unsolved));
          expect(rateOf(plan.options, shape)).toBeGreaterThanOrEqual(rateOf(greedy(devices, shape), shape));
          for (const { device, samples, workers } of plan.options) {
            const asked = devices.find((each) => each.device === device);
            expect(samples).toBeLessThanOrEqual(Math.max(SHAPE.batch, asked?.maxSamples ?? 0));
            expect(samples).toBeLessThanOrEqual(2 * defaultUnitSamples(SHAPE));
            expect(workers).toBe(asked?.workers);
          }
          expect(new Set(plan.options.map(({ device }) => device)).size).toBe(plan.options.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('[PL7] keeps the default unit for all where no plan is better', async () => {
    const plan = await makePlan([deviceOf('a', 10_000), deviceOf('b', 10_000)], SHAPE, parts());
    expect(plan).toMatchObject({ origin: 'uniform', solver: 'not needed: nothing is shared' });
    expect(plan.options.map(({ samples }) => samples)).toEqual([480, 480]);
  });

  it('[PL7] gives slow devices what fits in a round of the fast ones', async () => {
    const devices = [deviceOf('a', 10_000), deviceOf('b', 10_000), deviceOf('c', 1000), deviceOf('d', 1000)];
    const plan = await makePlan(devices, SHAPE, parts());
    expect(plan.origin).toBe('sweep');
    expect(plan.options.map(({ samples }) => samples)).toEqual([480, 480, 48, 48]);
    expect((plan.values.sweep ?? 0) / (plan.values.uniform ?? 1)).toBeGreaterThan(4);
  });

  it.each([
    ['no device', []],
    ['no measured device', [{ ...deviceOf('a', 1), time: null }]],
  ])('has no work for %s, and reports finite numbers', async (_name, devices) => {
    for (const method of ['ilp', 'greedy', 'uniform'] as const) {
      const plan = await makePlan(devices, SHAPE, parts(never, method));
      expect(plan).toMatchObject({ options: [], roundMs: 0 });
      expect(Object.values(plan.values).every((value) => value === 0)).toBe(true);
    }
  });

  it('[PL6] the program finds plans that the sweep does not, where devices share the line of the server', async () => {
    // Two of little value a byte fill the line better than one of much value.
    const devices = [
      { ...deviceOf('a', 4000), workers: 3 },
      { ...deviceOf('b', 3000), workers: 2 },
      { ...deviceOf('c', 3000), workers: 2 },
    ];
    let won = 0;
    for (let link = 400; link < 1600; link += 50) {
      const shape = { ...SHAPE, link };
      const plan = await makePlan(devices, shape, parts(brute));
      expect(plan.values.ilp).toBeGreaterThanOrEqual(plan.values.sweep ?? Infinity);
      if ((plan.values.ilp ?? 0) > 1.001 * (plan.values.sweep ?? 0)) won++;
    }
    expect(won).toBeGreaterThan(0);
  });

  it('[PL25] a solver that breaks the rows, or has nothing, changes nothing', async () => {
    const devices = randomDevices(8, 3);
    const shape = { ...SHAPE, link: 200 };
    const all: Solve = ({ values }) => Promise.resolve({ chosen: [...values.keys()], status: 'optimal' });
    const plan = await makePlan(devices, shape, parts(all));
    expect(plan.values.ilp).toBe(plan.values.sweep);
    expect(plan.solver).toContain('infeasible');
  });

  it('[PL7] gives the solver no more than the budget, all its programs together', async () => {
    const budgets: number[] = [];
    const slow: Solve = (_program, budgetMs) => {
      budgets.push(budgetMs);
      return Promise.resolve({ chosen: null, status: 'no answer in time' });
    };
    await makePlan(randomDevices(50, 4), { ...SHAPE, link: 500 }, parts(slow));
    expect(budgets.length).toBeGreaterThan(1);
    expect(budgets.reduce((sum, budget) => sum + budget, 0)).toBeLessThanOrEqual(100);
  });

  it('[PL24] the program starts from the plan of the sweep', () => {
    const devices = randomDevices(12, 5);
    const shape = { ...SHAPE, link: 2000 };
    const swept = sweep(devices, shape);
    const { program, options } = programAt(roundMs(swept, shape), devices, shape, swept);
    expect(
      optionsOf(program.start, program, options)
        ?.map(({ device }) => device)
        .sort(),
    ).toEqual(swept.map(({ device }) => device).sort());
  });
});
