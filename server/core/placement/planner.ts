import { greedy, sweep, timeBox, uniform } from './methods.ts';
import {
  rateOf,
  roundMs,
  type PlacementOption,
  type PlacementMethod,
  type PlanDevice,
  type RunShape,
} from './plan.ts';
import { optionsOf, programAt, type Solve } from './program.ts';

/** Ways that a plan may have come about. */
export type PlanOrigin = 'uniform' | 'greedy' | 'sweep' | 'ilp' | 'time box';

export interface Plan {
  origin: PlanOrigin;
  bundles: PlacementOption[];
  /** Of every plan that was made, by {@link rateOf}, in samples' worth a second. */
  values: Partial<Record<PlanOrigin, number>>;
  /** What came of the solver, in words. */
  solver: string;
  /** Of a round, expected; 0 where nobody works. */
  roundMs: number;
}

/** Before anybody was measured. */
export const NO_PLAN: Plan = { origin: 'uniform', bundles: [], values: {}, solver: 'not asked', roundMs: 0 };

export interface PlannerParts {
  method: PlacementMethod;
  solve: Solve;
  /** For the solver, all programs together. */
  budgetMs: number;
}

/** Lengths beside the sweep's best that the solver looks at. */
const LENGTHS = [1, 0.7, 1.4];

/**
 * Makes a plan for the devices that have been measured: a pure function but for the solver. In `ilp` the kept plan is
 * never worse than the greedy one [PL7].
 */
export async function makePlan(
  devices: readonly PlanDevice[],
  shape: RunShape,
  { method, solve, budgetMs }: PlannerParts,
): Promise<Plan> {
  const plain = uniform(devices, shape);
  if (method === 'uniform') return keep('uniform', { uniform: plain }, shape, NOT_ASKED);
  if (shape.mode === 'async') {
    const boxed = timeBox(devices, shape);
    return keep('time box', { uniform: plain, 'time box': boxed }, shape, NOT_ASKED);
  }
  const proportional = greedy(devices, shape);
  if (method === 'greedy') return keep('greedy', { uniform: plain, greedy: proportional }, shape, NOT_ASKED);

  const swept = sweep(devices, shape);
  const { bundles: solved, words } = await solveAround(swept, devices, shape, solve, budgetMs);
  const plans = { uniform: plain, greedy: proportional, sweep: swept, ilp: solved };
  // Of equals the plainest.
  const best = (['uniform', 'greedy', 'sweep', 'ilp'] as const).reduce((left, right) =>
    rateOf(plans[right], shape) > rateOf(plans[left], shape) ? right : left,
  );
  return keep(best, plans, shape, words);
}

const NOT_ASKED = 'not asked';

function keep(
  origin: PlanOrigin,
  plans: Partial<Record<PlanOrigin, PlacementOption[]>>,
  shape: RunShape,
  solver: string,
): Plan {
  const bundles = plans[origin] ?? [];
  const values = Object.entries(plans).map(([name, made]) => [name, 1000 * rateOf(made, shape)] as const);
  return { origin, bundles, values: Object.fromEntries(values), solver, roundMs: roundMs(bundles, shape) };
}

/** Where nothing couples the devices the sweep is exact and there is nothing to solve. */
async function solveAround(
  swept: PlacementOption[],
  devices: readonly PlanDevice[],
  shape: RunShape,
  solve: Solve,
  budgetMs: number,
): Promise<{ bundles: PlacementOption[]; words: string }> {
  if (shape.link === null || swept.length === 0)
    return { bundles: swept, words: 'not needed: nothing is shared' };
  const length = roundMs(swept, shape);
  let bundles = swept;
  let words = '';
  for (const factor of LENGTHS) {
    const { program, bundles: choices } = programAt(factor * length, devices, shape, swept);
    if (choices.length === 0) continue;
    const { chosen, status } = await solve(program, budgetMs / LENGTHS.length);
    const found = chosen === null ? null : optionsOf(chosen, program, choices);
    words += `${words === '' ? '' : ', '}${(factor * length).toFixed(0)} ms: ${chosen !== null && found === null ? 'infeasible' : status}`;
    if (found !== null && rateOf(found, shape) > rateOf(bundles, shape)) bundles = found;
  }
  return { bundles, words };
}
