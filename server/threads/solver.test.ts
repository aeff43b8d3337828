import { afterEach, describe, expect, it } from 'vitest';
import { greedy } from '../core/placement/methods.ts';
import { rateOf } from '../core/placement/plan.ts';
import { makePlan } from '../core/placement/planner.ts';
import type { IntegerProgram, Solve } from '../core/placement/program.ts';
import { randomDevices, SHAPE } from '../core/placement/testing/devices.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { Solver } from './solver.ts';

let open: Solver[] = [];
afterEach(async () => {
  for (const solver of open) await solver.close();
  open = [];
});

/** A clock turned by hand that tells when somebody waits by it. */
class WatchedClock extends VirtualClock {
  #waits = 0;
  #woken: () => void = () => undefined;

  override after(milliseconds: number, task: () => void): () => void {
    this.#waits++;
    this.#woken();
    return super.after(milliseconds, task);
  }

  /** Resolves when so many more waits were begun. */
  async waits(more: number): Promise<void> {
    const all = this.#waits + more;
    while (this.#waits < all) await new Promise<void>((resolve) => (this.#woken = resolve));
  }
}

/** A solver whose budgets pass only when the test says so; HiGHS has its own share of each on the machine's clock. */
function solverOnClock() {
  const clock = new WatchedClock();
  const solver = new Solver(clock);
  open.push(solver);
  return { clock, solver };
}

/** What the solver waits for, one after the other: that its thread runs, and the answer. */
const WAITS = { thread: 1, answer: 2 };

/** Asks, and lets the budget pass in the moment in which that is waited for. */
async function lateFor(
  wait: keyof typeof WAITS,
  { clock, solver }: ReturnType<typeof solverOnClock>,
  ...asked: Parameters<Solve>
) {
  const waiting = clock.waits(WAITS[wait]);
  const answer = solver.solve(...asked);
  await waiting;
  clock.advance(asked[1]);
  return answer;
}

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

const HOUR_MS = 3_600_000;

/** Many knapsacks at once, which take HiGHS far longer than any budget here. */
const large: IntegerProgram = {
  values: Array.from({ length: 400 }, (_, place) => 100 + ((place * 37) % 41)),
  rows: Array.from({ length: 20 }, (_, row) => ({
    name: `row${row}`,
    coefficients: Array.from({ length: 400 }, (_, place): [number, number] => [
      place,
      50 + ((place * row * 13) % 47),
    ]),
    least: 0,
    most: 5000,
  })),
  start: [],
};

describe('the solver', () => {
  it('[PL6] solves a program, and the next one', async () => {
    const { solver } = solverOnClock();
    for (let turn = 0; turn < 3; turn++) {
      expect(await solver.solve(knapsack, 10_000)).toEqual({ chosen: [1, 2], status: 'optimal' });
    }
    const rows = [{ name: 'least', coefficients: [[0, 1]] as [number, number][], least: 2, most: Infinity }];
    expect(await solver.solve({ ...knapsack, rows }, 10_000)).toMatchObject({ status: 'infeasible' });
  });

  it('[PL6] is given up where its thread does not run in time, which goes on starting for the next', async () => {
    const begun = solverOnClock();
    expect(await lateFor('thread', begun, knapsack, 1000)).toEqual({
      chosen: null,
      status: 'still starting',
    });
    expect(await begun.solver.solve(knapsack, 10_000)).toEqual({ chosen: [1, 2], status: 'optimal' });
  });

  it('[PL6] is given up where it has no answer in time, and the next is answered by another thread', async () => {
    const begun = solverOnClock();
    await begun.solver.solve(knapsack, 10_000);
    const late = await lateFor('answer', begun, large, HOUR_MS);
    expect(late).toEqual({ chosen: null, status: 'no answer in time' });
    expect((await begun.solver.solve(knapsack, 10_000)).chosen).toEqual([1, 2]);
  });

  it('[PL6] ends on its own within its part of the budget, with the best that it found', async () => {
    // The clock stands still: nobody else ends it.
    const { solver } = solverOnClock();
    const answer = await solver.solve(large, 200);
    expect(answer.status).toBe('time limit');
    expect(answer.chosen).not.toBeNull();
  });

  it('[PL6] that is closed has no answer', async () => {
    const { solver } = solverOnClock();
    await solver.close();
    expect(await solver.solve(knapsack, 10_000)).toEqual({ chosen: null, status: 'closed' });
  });

  it.each([
    [10, 300],
    [100, 2000],
    [1000, 20_000],
  ])(
    '[PL6] [PL7] a plan made with it for %i devices is never worse than greedy, nor than the sweep',
    async (count, link) => {
      const { solver } = solverOnClock();
      for (const seed of [1, 2]) {
        const devices = randomDevices(count, seed);
        const shape = { ...SHAPE, link };
        const plan = await makePlan(devices, shape, { method: 'ilp', solve: solver.solve, budgetMs: 1000 });
        expect(rateOf(plan.options, shape)).toBeGreaterThanOrEqual(rateOf(greedy(devices, shape), shape));
        expect(plan.values.ilp).toBeGreaterThanOrEqual(plan.values.sweep ?? Infinity);
        expect(plan.solver).toMatch(/^(\d+ ms: (optimal|time limit|infeasible)(, |$))+$/);
      }
    },
  );
});
