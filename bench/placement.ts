import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { prepareRun } from '../server/app/startState.ts';
import { loadConfig } from '../server/config/config.ts';
import { ensurePages } from '../server/app/pages.ts';
import { serve } from '../server/app/serve.ts';
import { machineCalendar, machineClock } from '../server/app/machineTime.ts';
import { median } from './median.ts';
import { planningTimes } from './planningTime.ts';
import { PLACEMENT_METHOD_NAMES, type PlacementMethod } from '../shared/protocol/placement.ts';

/**
 * `npm run bench:placement`: how long `lenet` takes to its target in rounds of four workers without a browser, two of
 * them slowed ten times, by each way to share out the work, five seeds of each in turn. A slowed worker rests after
 * what it computes, so that it takes nothing from the others' processor. Then how long plans for simulated crowds take.
 * A table, or with `--json` a line a job, a median and a crowd.
 */

const SEEDS = ['1', '2', '3', '4', '5'];
const TARGET = '0.985';
const SLOWDOWN = 10;
const MAX_SECONDS = '300';

interface Job {
  placement: PlacementMethod;
  seed: string;
  testAccuracy: number;
  stop: string | null;
  commits: number;
  samples: number;
  /** From the first lease to the target. */
  seconds: number;
  /** What each worker got last, slowed ones marked. */
  units: string;
}

async function train(placement: PlacementMethod, seed: string): Promise<Job> {
  const folder = await mkdtemp(join(tmpdir(), 'tabswarm-bench-'));
  const flags = ['--port', '0', '--host', '127.0.0.1', '--data-dir', folder, '--model', 'lenet'];
  const limits = ['--mode', 'sync', '--target', TARGET, '--max-seconds', MAX_SECONDS];
  const begun = await prepareRun({
    load: (remembered) =>
      loadConfig('start', [...flags, ...limits, '--seed', seed, '--placement', placement], {}, remembered),
    temporary: null,
    clock: machineClock,
    calendar: machineCalendar,
    note,
  });
  const serving = await serve({
    ...begun,
    pages: await ensurePages(),
    clock: machineClock,
    calendar: machineCalendar,
    log: note,
  });
  const { run } = serving.training;
  const common = {
    server: serving.url,
    join: '',
    workers: 2,
    selfSigned: false,
    hear: troublesOf('worker', note),
  };
  await run.start();
  const crowd = [
    startNodeWorkers({ ...common, labels: { pace: 'full' } }),
    startNodeWorkers({ ...common, labels: { pace: 'slowed' }, slowdown: SLOWDOWN }),
  ];
  await run.ended();
  const { status, seconds, devices } = serving.snapshot();
  const { devices: allocations } = serving.training.placement.report();
  const units = allocations.map(({ device, batch, localSteps, role }) => {
    const slowed = devices.find((row) => row.device === device)?.profile.labels['pace'] === 'slowed';
    return `${role === 'train' ? batch * (localSteps ?? 1) : role}${slowed ? ' (slowed)' : ''}`;
  });
  await Promise.all(crowd.map((workers) => workers.close()));
  await serving.close();
  await rm(folder, { recursive: true, force: true });
  const { version: commits, samples, stop, testAccuracy } = status;
  return {
    placement,
    seed,
    testAccuracy: testAccuracy ?? 0,
    stop,
    commits,
    samples,
    seconds,
    units: units.join(', '),
  };
}

const note = (line: string) => process.stderr.write(`${line}\n`);
const json = process.argv.includes('--json');
const show = (row: object) =>
  console.log(json ? JSON.stringify(row) : Object.values(row).map(String).join('  '));

const jobs: Job[] = [];
for (const seed of SEEDS) {
  for (const placement of PLACEMENT_METHOD_NAMES) {
    const job = await train(placement, seed);
    jobs.push(job);
    show(job);
  }
}
const medianOf = (method: PlacementMethod): number =>
  median(jobs.filter(({ placement }) => placement === method).map(({ seconds }) => seconds));
for (const placement of PLACEMENT_METHOD_NAMES) {
  const medianSeconds = medianOf(placement);
  const ratioToUniform = Math.round((100 * medianOf('uniform')) / medianSeconds) / 100;
  show({ placement, median: SEEDS.length, medianSeconds, ratioToUniform });
}
for (const time of await planningTimes()) show(time);
