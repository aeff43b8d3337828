import { troublesOf } from '../client/node/troubles.ts';
import { chromiumSetting } from '../server/config/config.ts';
import { findChromium } from '../server/swarm/chromium.ts';
import { launchBrowser, openTabs } from '../server/swarm/launch.ts';
import { Cleanup, startServer } from '../e2e/support/testServer.ts';

/**
 * `npm run bench:fidelity`: the settings of the Ray project that this one descends from, in two headless tabs:
 * ray-convnet, PyTorch's initialisation, batch 128, SGD 0.01, gradients summed, no staleness weight, 200
 * iterations, over the seeds 1 to 20. Prints a line a run, one for each five seeds and one a mode, JSON each, in
 * percent of all test images. `bench/reference/ray_method.py` runs the same method in PyTorch from the same
 * initial weights.
 */

/** Mean accuracy of that project's method, repaired, on Ray with PyTorch over five seeds, in percent. */
const REFERENCE = { sync: 88.0, async: 83.8 } as const;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const BLOCK = 5;
/** Points that the mean of five seeds may lie away from the reference. */
const TOLERANCE = 2;
const ITERATIONS = 200;
const SETTINGS = [
  ...[
    '--model',
    'ray-convnet',
    '--batch',
    '128',
    '--optimizer',
    'sgd',
    '--lr',
    '0.01',
    '--aggregation',
    'sum',
  ],
  ...[
    '--staleness',
    'none',
    '--round-size',
    '2',
    '--max-commits',
    String(ITERATIONS),
    '--evaluate-every',
    '0',
  ],
];

const { executablePath } = await findChromium(chromiumSetting());

for (const mode of ['sync', 'async'] as const) {
  const accuracies: number[] = [];
  for (const seed of SEEDS) {
    const testAccuracy = 100 * (await accuracyOf(mode, seed));
    accuracies.push(testAccuracy);
    console.log(JSON.stringify({ mode, seed, testAccuracy: rounded(testAccuracy) }));
  }
  for (let first = 0; first < SEEDS.length; first += BLOCK)
    report(mode, accuracies.slice(first, first + BLOCK));
  report(mode, accuracies);
}
process.exit(0);

function report(mode: keyof typeof REFERENCE, accuracies: number[]): void {
  const seeds = accuracies.length;
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / seeds;
  const variance = accuracies.reduce((sum, accuracy) => sum + (accuracy - mean) ** 2, 0) / (seeds - 1);
  const figures = {
    mean,
    deviation: Math.sqrt(variance),
    lowest: Math.min(...accuracies),
    highest: Math.max(...accuracies),
  };
  const shown = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));
  const reference = REFERENCE[mode];
  console.log(
    JSON.stringify({
      mode,
      seeds,
      ...shown,
      reference,
      difference: rounded(mean - reference),
      within: Math.abs(mean - reference) <= TOLERANCE,
    }),
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Test accuracy, 0 to 1, after the last iteration. */
async function accuracyOf(mode: string, seed: number): Promise<number> {
  const cleanup = new Cleanup();
  try {
    const server = await startServer(cleanup, [...SETTINGS, '--mode', mode, '--seed', String(seed)]);
    const log = (line: string) => console.error(line);
    const swarm = await openTabs({
      url: server.url,
      tabs: 2,
      tabWorkers: 1,
      transport: 'auto',
      engine: 'wasm',
      browser: launchBrowser(executablePath),
      log,
      hear: troublesOf('tab', log),
    });
    cleanup.add(() => swarm.close());
    await server.training.run.ended();
    const { testAccuracy, version } = server.training.run.status();
    if (testAccuracy === null || version !== ITERATIONS)
      throw new Error(`the run ended at version ${version}`);
    return testAccuracy;
  } finally {
    await cleanup.run();
  }
}
