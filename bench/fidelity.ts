import { chromiumSetting } from '../server/cli/config.ts';
import { findChromium } from '../e2e/swarm/chromium.ts';
import { openTabs } from '../e2e/swarm/launch.ts';
import { Cleanup, startServer } from '../e2e/support/testServer.ts';

/**
 * `npm run bench:fidelity`: the settings of the Ray project that this one descends from, in two headless tabs,
 * over five seeds: ray-convnet, PyTorch's initialisation, batch 128, SGD 0.01, gradients summed, no staleness
 * weight, 200 iterations. Prints a line a run and one a mode, JSON each.
 */

/** Mean accuracy of that project's method, repaired, on Ray with PyTorch over five seeds, in percent. */
const REFERENCE = { sync: 88.0, async: 83.8 } as const;
const SEEDS = [1, 2, 3, 4, 5];
const ITERATIONS = 200;
const SETTINGS = [
  ...['--model', 'ray-convnet', '--batch', '128', '--optimizer', 'sgd', '--lr', '0.01', '--reduce', 'sum'],
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
    const accuracy = await accuracyOf(mode, seed);
    accuracies.push(accuracy);
    console.log(JSON.stringify({ mode, seed, testAccuracy: accuracy }));
  }
  const mean = (100 * accuracies.reduce((sum, accuracy) => sum + accuracy, 0)) / accuracies.length;
  const [lowest, highest] = [Math.min(...accuracies) * 100, Math.max(...accuracies) * 100];
  console.log(
    JSON.stringify({
      mode,
      mean,
      lowest,
      highest,
      reference: REFERENCE[mode],
      difference: mean - REFERENCE[mode],
    }),
  );
}
process.exit(0);

/** Test accuracy, 0 to 1, after the last iteration. */
async function accuracyOf(mode: string, seed: number): Promise<number> {
  const cleanup = new Cleanup();
  try {
    const server = await startServer(cleanup, [...SETTINGS, '--mode', mode, '--seed', String(seed)]);
    const log = (line: string) => console.error(line);
    const swarm = await openTabs({ url: server.url, tabs: 2, engine: 'cpu', executablePath, log });
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
