import { machineClock } from '../server/app/machineTime.ts';
import { makePlan } from '../server/core/placement/planner.ts';
import { randomDevices, SHAPE } from '../server/core/placement/testing/devices.ts';
import { SOLVER_BUDGET_MS, Solver } from '../server/threads/solver.ts';
import { median } from './median.ts';

const CROWDS = [10, 100, 1000];
const SEEDS = [1, 2, 3, 4, 5];
/** Bytes a millisecond for each device where the server's link is shared: too few for all of them. */
const LINK_A_DEVICE = 20;

export interface PlanningTime {
  devices: number;
  /** The server's link is shared, so that there is something to solve. */
  link: boolean;
  medianMs: number;
  maxMs: number;
  /** For the solver. */
  budgetMs: number;
}

/** How long plans for simulated crowds of phones, laptops and GPUs take, five seeds of each. */
export async function planningTimes(): Promise<PlanningTime[]> {
  const solver = new Solver(machineClock);
  const plan = async (devices: number, link: boolean, seed: number) => {
    const crowd = randomDevices(devices, seed);
    const shape = { ...SHAPE, link: link ? devices * LINK_A_DEVICE : null };
    const begun = performance.now();
    await makePlan(crowd, shape, { method: 'ilp', solve: solver.solve, budgetMs: SOLVER_BUDGET_MS });
    return performance.now() - begun;
  };
  // The solver's thread is running by the second plan of a server.
  await plan(CROWDS[0] ?? 0, true, 0);
  const times: PlanningTime[] = [];
  for (const link of [false, true]) {
    for (const devices of CROWDS) {
      const taken: number[] = [];
      for (const seed of SEEDS) taken.push(Math.round(await plan(devices, link, seed)));
      const medianMs = median(taken);
      const maxMs = Math.max(...taken);
      times.push({ devices, link, medianMs, maxMs, budgetMs: SOLVER_BUDGET_MS });
    }
  }
  await solver.close();
  return times;
}
