import { PLAN_ORIGINS, type PlacementMethod, type PlanOrigin } from '../../../shared/protocol/placement.ts';
import { MODES } from '../policy/modes.ts';
import { greedy, sweep, timeBox, uniform } from './methods.ts';
import { rateOf, roundMs, type PlacementOption, type PlanDevice, type RunShape } from './plan.ts';
import { optionsOf, programAt, type Solve } from './program.ts';

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
  { method, ...solver }: PlannerParts,
): Promise<Plan> {
  return PLANNERS[method](devices, shape, solver);
}

type Planner = (
  devices: readonly PlanDevice[],
  shape: RunShape,
  solver: Omit<PlannerParts, 'method'>,
) => Plan | Promise<Plan>;

const PLANNERS: Record<PlacementMethod, Planner> = {
  uniform: (devices, shape) => keep('uniform', { uniform: uniform(devices, shape) }, shape, NOT_ASKED),
  greedy: forRounds((devices, shape) => {
    const plans = { uniform: uniform(devices, shape), greedy: greedy(devices, shape) };
    return keep('greedy', plans, shape, NOT_ASKED);
  }),
  ilp: forRounds(async (devices, shape, { solve, budgetMs }) => {
    const swept = sweep(devices, shape);
    const { bundles, words } = await solveAround(swept, devices, shape, solve, budgetMs);
    return keepBest(
      {
        uniform: uniform(devices, shape),
        greedy: greedy(devices, shape),
        sweep: swept,
        ilp: bundles,
      },
      shape,
      words,
    );
  }),
};

/** A planner of rounds; where there are none, each device has what fits in the time of the median one. */
function forRounds(planner: Planner): Planner {
  return (devices, shape, solver) => {
    if (MODES[shape.mode].hasRounds) return planner(devices, shape, solver);
    const plans = { uniform: uniform(devices, shape), 'time box': timeBox(devices, shape) };
    return keep('time box', plans, shape, NOT_ASKED);
  };
}

const NOT_ASKED = 'not asked';

/** The best of these plans, of equals the plainest. */
function keepBest(
  plans: Partial<Record<PlanOrigin, PlacementOption[]>>,
  shape: RunShape,
  solver: string,
): Plan {
  const rateOfPlan = (origin: PlanOrigin) => rateOf(plans[origin] ?? [], shape);
  const made = PLAN_ORIGINS.filter((origin) => plans[origin] !== undefined);
  const best = made.reduce((left, right) => (rateOfPlan(right) > rateOfPlan(left) ? right : left));
  return keep(best, plans, shape, solver);
}

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
