import { PLAN_ORIGINS, type PlacementMethod, type PlanOrigin } from '../../../shared/protocol/placement.ts';
import { MODES } from '../policy/modes.ts';
import { greedy, sweep, timeBox, uniform } from './methods.ts';
import { rateOf, roundMs, type PlacementOption, type PlanDevice, type RunShape } from './plan.ts';
import { optionsOf, programAt, type Solve } from './program.ts';

export interface Plan {
  origin: PlanOrigin;
  options: PlacementOption[];
  /** Of every plan that was made, by {@link rateOf}, in samples' value a second. */
  values: Partial<Record<PlanOrigin, number>>;
  /** The solver's outcome, in words. */
  solver: string;
  /** Of a round, expected; 0 where no device works. */
  roundMs: number;
}

/** Before any device was measured. */
export const NO_PLAN: Plan = { origin: 'uniform', options: [], values: {}, solver: 'not asked', roundMs: 0 };

export interface PlannerParts {
  method: PlacementMethod;
  solve: Solve;
  /** For the solver, all programs together. */
  budgetMs: number;
}

/** Factors of the sweep's best length that the solver tries. */
const LENGTHS = [1, 0.7, 1.4];

/**
 * Makes a plan for the devices that have been measured: pure, apart from the solver. In `ilp` the kept plan is
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
    const { options, words } = await solveAround(swept, devices, shape, solve, budgetMs);
    return keepBest(
      {
        uniform: uniform(devices, shape),
        greedy: greedy(devices, shape),
        sweep: swept,
        ilp: options,
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
  const options = plans[origin] ?? [];
  const values = Object.entries(plans).map(([name, made]) => [name, 1000 * rateOf(made, shape)] as const);
  return { origin, options, values: Object.fromEntries(values), solver, roundMs: roundMs(options, shape) };
}

/** Where nothing couples the devices the sweep is exact and there is nothing to solve. */
async function solveAround(
  swept: PlacementOption[],
  devices: readonly PlanDevice[],
  shape: RunShape,
  solve: Solve,
  budgetMs: number,
): Promise<{ options: PlacementOption[]; words: string }> {
  if (shape.link === null || swept.length === 0)
    return { options: swept, words: 'not needed: nothing is shared' };
  const length = roundMs(swept, shape);
  let options = swept;
  let words = '';
  for (const factor of LENGTHS) {
    const { program, options: choices } = programAt(factor * length, devices, shape, swept);
    if (choices.length === 0) continue;
    const { chosen, status } = await solve(program, budgetMs / LENGTHS.length);
    const found = chosen === null ? null : optionsOf(chosen, program, choices);
    words += `${words === '' ? '' : ', '}${(factor * length).toFixed(0)} ms: ${chosen !== null && found === null ? 'infeasible' : status}`;
    if (found !== null && rateOf(found, shape) > rateOf(options, shape)) options = found;
  }
  return { options, words };
}
