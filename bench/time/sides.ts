import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { packageFolder } from '../../server/dataset/mnist.ts';
import { pythonCommand } from '../reference/python.ts';

/** Test accuracy that a job has to reach, 0 to 1. */
export const TARGET = 0.985;
/** Training that has not reached the target by then ends without. */
const MAX_SECONDS = 60;

/** What is compared. They take turns in this order, so that load of the machine meets both kinds. */
export const SIDE_NAMES = ['tabs', 'ray-gradients', 'node-workers', 'ray-local-steps'] as const;
export type SideName = (typeof SIDE_NAMES)[number];

/** Whether the model that is measured and kept is a moving average of the parameters, or the newest parameters. */
export const AVERAGING = ['on', 'off'] as const;
export type Averaging = (typeof AVERAGING)[number];

export type Command = readonly [program: string, ...args: string[]];

/** What a job says of itself in its line of JSON. */
export interface Result {
  testAccuracy: number;
  samples: number;
  trainSeconds: number;
}

export interface Side {
  /** What a table calls it. */
  label: string;
  /** A Ray cluster, which the others are compared with. */
  isRay: boolean;
  command: (averaging: Averaging, seed: number) => Command;
  /** @throws {z.ZodError} where it is not the line of two such workers. */
  read: (line: unknown) => Result;
}

export const SIDES: Record<SideName, Side> = {
  tabs: {
    label: 'two headless tabs',
    isRay: false,
    command: (averaging, seed) => demo(averaging, seed, ['--tabs', '2']),
    read: (line) => fromDemo(line, { tabs: 2, nodeWorkers: 0 }),
  },
  'node-workers': {
    label: 'two workers without a browser',
    isRay: false,
    command: (averaging, seed) => demo(averaging, seed, ['--tabs', '0', '--node-workers', '2']),
    read: (line) => fromDemo(line, { tabs: 0, nodeWorkers: 2 }),
  },
  'ray-gradients': {
    label: 'Ray, gradients',
    isRay: true,
    command: (averaging, seed) => cluster(seed, RAY_GRADIENTS[averaging]),
    read: (line) => clusterLine.parse(line),
  },
  'ray-local-steps': {
    label: 'Ray, local steps',
    isRay: true,
    command: (averaging, seed) => cluster(seed, RAY_LOCAL_STEPS[averaging]),
    read: (line) => clusterLine.parse(line),
  },
};

/** Flags of `ray_cluster.py` without their dashes. */
type ClusterSettings = Record<string, number>;

/** The best settings that were found for each row of Ray, by images and rounds to the target and by what a batch costs. */
const RAY_GRADIENTS: Record<Averaging, ClusterSettings> = {
  on: { batch: 128, rate: 0.05, momentum: 0.9, average: 30 },
  off: { batch: 128, rate: 0.05, momentum: 0.9 },
};
const RAY_LOCAL_STEPS: Record<Averaging, ClusterSettings> = {
  on: { steps: 60, batch: 16, rate: 0.015, momentum: 0.9, decay: 60, average: 20 },
  off: { steps: 120, batch: 16, rate: 0.1, momentum: 0, decay: 5 },
};

/** The demo averages as the recipe of its model says. */
const DEMO_AVERAGING: Record<Averaging, string[]> = { on: [], off: ['--average', 'none'] };

function demo(averaging: Averaging, seed: number, workers: string[]): Command {
  const program = fileURLToPath(new URL('../../server/cli/demo.ts', import.meta.url));
  const limits = ['--target', String(TARGET), '--max-seconds', String(MAX_SECONDS)];
  const job = ['--json', '--model', 'lenet', '--seed', String(seed), ...limits];
  return [process.execPath, '--import', 'tsx', program, ...job, ...workers, ...DEMO_AVERAGING[averaging]];
}

function cluster(seed: number, settings: ClusterSettings): Command {
  const program = fileURLToPath(new URL('../reference/ray_cluster.py', import.meta.url));
  const limits = ['--target', String(TARGET), '--max-seconds', String(MAX_SECONDS)];
  const job = ['--data', packageFolder(), '--seed', String(seed), ...limits];
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return [pythonCommand(), program, ...job, ...flags];
}

const clusterLine = z.object({ testAccuracy: z.number(), samples: z.number(), trainSeconds: z.number() });

/** A demo that finds no browser trains without one: that would be the other row. */
function fromDemo(line: unknown, workers: { tabs: number; nodeWorkers: number }): Result {
  const schema = z.object({
    testAccuracy: z.number(),
    samples: z.number(),
    seconds: z.number(),
    tabs: z.literal(workers.tabs),
    nodeWorkers: z.literal(workers.nodeWorkers),
  });
  const { testAccuracy, samples, seconds } = schema.parse(line);
  return { testAccuracy, samples, trainSeconds: seconds };
}
