import { afterAll, describe, expect, it } from 'vitest';
import { machineClock } from '../cli/machineTime.ts';
import { greedy } from '../core/placement/methods.ts';
import { rateOf } from '../core/placement/plan.ts';
import { makePlan } from '../core/placement/planner.ts';
import type { IntegerProgram } from '../core/placement/program.ts';
import { crowdOf, SHAPE } from '../core/placement/testing/crowd.ts';
import { Solver } from './solver.ts';

const solver = new Solver(machineClock);
afterAll(() => solver.close());

const knapsack: IntegerProgram = {
  values: [3, 2, 4],
  rows: [
    {
      name: 'link',
      coefficients: [
        [0, 2],
        [1, 1],
        [2, 3],
      ],
      least: 0,
      most: 4,
    },
  ],
  start: [0],
};

/** A machine that is busy is late by no more than this; a solver that heeds no budget is. */
const MUCH_LATER_MS = 8000;

/** Many knapsacks at once, which take HiGHS far longer than any budget here. */
const large: IntegerProgram = {
  values: Array.from({ length: 400 }, (_, place) => 100 + ((place * 37) % 41)),
  rows: Array.from({ length: 20 }, (_, row) => ({
    name: `row${row}`,
    coefficients: Array.from({ length: 400 }, (_, place): [number, number] => [
      place,
      50 + ((place * row * 13) % 47),
    ]),
    ...{ least: 0, most: 5000 },
  })),
  start: [],
};

describe('the solver', () => {
  it('[PL6] solves a program, and the next one', async () => {
    for (let turn = 0; turn < 3; turn++) {
      expect(await solver.solve(knapsack, 10_000)).toEqual({ chosen: [1, 2], status: 'optimal' });
    }
    const rows = [{ name: 'least', coefficients: [[0, 1]] as [number, number][], least: 2, most: Infinity }];
    expect(await solver.solve({ ...knapsack, rows }, 10_000)).toMatchObject({ status: 'infeasible' });
  });

  it('[PL6] is given up when its time is over, and answers the next', async () => {
    const other = new Solver(machineClock);
    expect(await other.solve(knapsack, 1)).toEqual({ chosen: null, status: 'still starting' });
    expect((await other.solve(knapsack, 10_000)).chosen).toEqual([1, 2]);
    const begun = performance.now();
    const late = await other.solve(large, 5);
    expect(late.chosen === null ? late.status : 'solved').toMatch(/no answer in time|time limit|solved/);
    expect(performance.now() - begun).toBeLessThan(MUCH_LATER_MS);
    expect((await other.solve(knapsack, 10_000)).chosen).toEqual([1, 2]);
    await other.close();
    expect(await other.solve(knapsack, 10_000)).toEqual({ chosen: null, status: 'closed' });
  });

  it('[PL6] [PL7] a plan made with it in its budget is never worse than greedy, nor than the sweep', async () => {
    for (const [count, link] of [
      [10, 300],
      [100, 2000],
      [1000, 20_000],
    ] as const) {
      for (const seed of [1, 2]) {
        const devices = crowdOf(count, seed);
        const shape = { ...SHAPE, link };
        const begun = performance.now();
        const plan = await makePlan(devices, shape, { method: 'ilp', solve: solver.solve, budgetMs: 1000 });
        expect(performance.now() - begun).toBeLessThan(1000 + MUCH_LATER_MS);
        expect(rateOf(plan.bundles, shape)).toBeGreaterThanOrEqual(rateOf(greedy(devices, shape), shape));
        expect(plan.values.ilp).toBeGreaterThanOrEqual(plan.values.sweep ?? Infinity);
        expect(plan.solver).toMatch(/optimal|time limit|no answer in time/);
      }
    }
  });
});
