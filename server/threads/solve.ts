import { parentPort } from 'node:worker_threads';
import loadHighs from 'highs';
import type { IntegerProgram, Solution } from '../core/placement/program.ts';
import { lpText } from './lpText.ts';
import { errorMessage } from '../../shared/text/errorMessage.ts';

/* The solver's thread: HiGHS, one program after the other. */

/** What the thread is asked. */
export interface SolveTask {
  program: IntegerProgram;
  budgetMs: number;
}

/** HiGHS overshoots its limit, and its answer has a way to go: of the budget it is given this share. */
const SHARE_OF_BUDGET = 0.6;
/** HiGHS's codes of a model's status that are worth telling apart. */
const STATUS: Readonly<Record<number, string>> = { 7: 'optimal', 8: 'infeasible', 13: 'time limit' };

/** What it says: that it can begin, then an answer to each task. */
export type FromSolver = 'ready' | Solution;

const port = parentPort;
if (port === null) throw new Error('solve.ts runs as a worker thread');
const highs = await loadHighs();

function solve({ program, budgetMs }: SolveTask): Solution {
  const model = highs.createModel({ format: 'lp', data: lpText(program) });
  try {
    model.options.set({ output_flag: false, time_limit: (SHARE_OF_BUDGET * budgetMs) / 1000 });
    const begin = new Float64Array(program.values.length);
    for (const variable of program.start) begin[variable] = 1;
    model.setSolution({ colValue: begin });
    model.run();
    const status = STATUS[model.getModelStatus()] ?? `status ${model.getModelStatus()}`;
    const { colValue } = model.getSolution();
    if (colValue.length !== program.values.length) return { chosen: null, status };
    return { chosen: [...colValue.keys()].filter((variable) => (colValue[variable] ?? 0) > 0.5), status };
  } finally {
    model.dispose();
  }
}

port.postMessage('ready' satisfies FromSolver);
// One at a time: the caller waits for the answer before it asks again.
port.on('message', (task: SolveTask) => {
  let answer: Solution;
  try {
    answer = solve(task);
  } catch (error) {
    answer = { chosen: null, status: errorMessage(error) };
  }
  port.postMessage(answer satisfies FromSolver);
});
