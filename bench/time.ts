import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { ensurePages } from '../server/app/pages.ts';
import { percent } from '../server/terminal/progress.ts';
import { missingModule, moduleVersions } from './reference/python.ts';
import type { Job } from './time/job.ts';
import { seedsFrom1, sidesNamed, turns } from './time/order.ts';
import { run } from './time/run.ts';
import { SIDE_NAMES, SIDES, type SideName } from './time/sides.ts';
import { rowsOf, tableOf } from './time/table.ts';

/**
 * `npm run bench:time`: how long `lenet` takes to 98.5% of all test images on two workers: headless tabs, workers
 * without a browser, and, where Python can import Ray and PyTorch, PyTorch workers of a Ray cluster, each with and
 * without a moving average of the parameters. Prints the machine and a table, or with `--json` a line for the machine,
 * each job and each row. Jobs that are done are told on stderr.
 */

/** What the Ray cluster imports. */
const MODULES = ['numpy', 'ray', 'torch'];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '3' },
    sides: { type: 'string', default: SIDE_NAMES.join(',') },
  },
});

/** Processes that wanted the processor in the last minute, before this one begins. */
const loadBefore = Math.round((loadavg()[0] ?? NaN) * 100) / 100;
const note = (line: string) => process.stderr.write(`${line}\n`);
const isRay = (side: SideName) => SIDES[side].isRay;

/** The sides that can run here; says what is missing for the others. */
async function runnable(sides: SideName[]): Promise<SideName[]> {
  if (!sides.some(isRay)) return sides;
  for (const name of MODULES) {
    const missing = await missingModule(name);
    if (missing === null) continue;
    note(`Without the Ray cluster: ${missing}`);
    return sides.filter((side) => !isRay(side));
  }
  return sides;
}

/** What the figures are measured on. */
async function machine(sides: SideName[]) {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    loadBefore,
    node: process.versions.node,
    ...(sides.some(isRay) ? await moduleVersions(MODULES) : {}),
  };
}

/** A job for people who wait. */
function jobLine({ side, averaging, seed, testAccuracy, commandSeconds, trainSeconds }: Job): string {
  const times = `${commandSeconds.toFixed(1)} s, of which ${trainSeconds.toFixed(1)} s training`;
  return `${SIDES[side].label}, averaging ${averaging}, seed ${seed}: ${percent(testAccuracy)} in ${times}`;
}

const seeds = seedsFrom1(values.seeds);
const sides = await runnable(sidesNamed(values.sides));
if (!sides.every(isRay)) await ensurePages();
const where = await machine(sides);
if (values.json) console.log(JSON.stringify({ kind: 'machine', ...where }));
const jobs: Job[] = [];
for (const turn of turns(sides, seeds)) {
  const job = await run(turn);
  jobs.push(job);
  if (values.json) console.log(JSON.stringify({ kind: 'job', ...job }));
  else note(jobLine(job));
}
const rows = rowsOf(jobs);
if (values.json) {
  for (const row of rows) console.log(JSON.stringify({ kind: 'row', ...row }));
} else {
  console.log(
    Object.entries(where)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
  console.log(`\n${tableOf(rows)}`);
}
