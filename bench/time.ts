import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensurePages } from '../server/cli/pages.ts';
import { packageFolder } from '../server/dataset/mnist.ts';
import { missingModule, pythonCommand } from './reference/python.ts';

/**
 * `npm run bench:time`: how long `lenet` takes to 98.5% of all test images on two workers: two headless tabs, two
 * workers without a browser, and, where Python can import Ray and PyTorch, two PyTorch workers of a Ray cluster,
 * three seeds of each in turn. The whole job is the time from the start of a process to its line of result.
 * A table, or with `--json` a line a job and one a median.
 */

const TARGET = '0.985';
const SEEDS = ['1', '2', '3'];
const REFERENCE = 'ray';

interface Job {
  what: string;
  seed: string;
  testAccuracy: number;
  samples: number;
  /** From the start of the process to its line of result. */
  jobSeconds: number;
  /** Of that, from the moment that there is work: the first lease, or the first weights of the cluster. */
  trainSeconds: number;
}

type Command = [program: string, ...args: string[]];

/** Runs a program to its first line of JSON. @throws {Error} where it ends without. */
function firstLine([program, ...args]: Command): Promise<{ line: Record<string, number>; seconds: number }> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    let line: { line: Record<string, number>; seconds: number } | null = null;
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /^\{.*\}$/m.exec(output);
      if (found === null || line !== null) return;
      const seconds = (performance.now() - begun) / 1000;
      line = { line: JSON.parse(found[0]) as Record<string, number>, seconds };
    });
    child.on('error', reject);
    // The next job begins when this one has left the processor.
    child.on('close', () => {
      if (line === null) reject(new Error(`${program} ${args.join(' ')}: ${errors.trim().slice(-500)}`));
      else resolve(line);
    });
  });
}

const demo = fileURLToPath(new URL('../server/cli/demo.ts', import.meta.url));
const ours = (seed: string, ...args: string[]): Command => [
  ...([process.execPath, '--import', 'tsx', demo, '--json'] as const),
  ...['--model', 'lenet', '--target', TARGET, '--seed', seed, ...args],
];
const cluster = fileURLToPath(new URL('./reference/ray_cluster.py', import.meta.url));
const contestants: Record<string, (seed: string) => Command> = {
  tabs: (seed) => ours(seed, '--tabs', '2'),
  'node-workers': (seed) => ours(seed, '--tabs', '0', '--node-workers', '2'),
  [REFERENCE]: (seed) => [
    ...([pythonCommand(), cluster, '--data', packageFolder()] as const),
    ...['--target', TARGET, '--seed', seed],
  ],
};

async function measure(what: string, seed: string, command: Command): Promise<Job> {
  const { line, seconds } = await firstLine(command);
  const { testAccuracy = 0, samples = 0 } = line;
  const trainSeconds = line['trainSeconds'] ?? line['seconds'] ?? NaN;
  return { what, seed, testAccuracy, samples, jobSeconds: rounded(seconds), trainSeconds };
}

const rounded = (value: number) => Math.round(value * 100) / 100;

function medianOf(jobs: Job[], key: 'jobSeconds' | 'trainSeconds' | 'samples'): number {
  const sorted = jobs.map((job) => job[key]).sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const note = (line: string) => process.stderr.write(`${line}\n`);
const json = process.argv.includes('--json');
const show = (row: object) =>
  console.log(json ? JSON.stringify(row) : Object.values(row).map(String).join('  '));

await ensurePages();
const missing = (await missingModule('ray')) ?? (await missingModule('torch'));
if (missing !== null) note(`Without the Ray cluster: ${missing}`);
const entered = Object.entries(contestants).filter(([what]) => what !== REFERENCE || missing === null);
const jobs: Job[] = [];
for (const seed of SEEDS) {
  for (const [what, command] of entered) {
    const job = await measure(what, seed, command(seed));
    jobs.push(job);
    show(job);
  }
}
for (const [what] of entered) {
  const [own, reference] = [what, REFERENCE].map((name) => jobs.filter((job) => job.what === name));
  const median = (of: Job[] | undefined, key: 'jobSeconds' | 'trainSeconds') => medianOf(of ?? [], key);
  const ratio = (key: 'jobSeconds' | 'trainSeconds') =>
    missing === null ? rounded(median(reference, key) / median(own, key)) : null;
  const medians = { jobSeconds: median(own, 'jobSeconds'), trainSeconds: median(own, 'trainSeconds') };
  const ratios = { ratioToRayJob: ratio('jobSeconds'), ratioToRayTrain: ratio('trainSeconds') };
  show({ what, median: SEEDS.length, samples: medianOf(own ?? [], 'samples'), ...medians, ...ratios });
}
