import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressLines, joinFragment } from '../app/addresses.ts';
import { prepareRun, type PreparedRun } from '../app/startState.ts';
import {
  prepareDemoWorkers,
  startDemoWorkers,
  withOwnCredential,
  type PreparedWorkers,
} from '../swarm/demoWorkers.ts';
import { loadConfig, type Config, type Remembered } from '../config/config.ts';
import { EXIT_FAILED, runCommand } from '../terminal/failure.ts';
import { interruption } from '../terminal/interruption.ts';
import { messages, results } from '../terminal/output.ts';
import { ensurePages } from '../app/pages.ts';
import { runProgress } from '../terminal/progress.ts';
import { serve } from '../app/serve.ts';
import { showProgress } from '../terminal/showProgress.ts';
import { summaryJson, summaryOf, summaryText, type Summary } from '../terminal/summary.ts';
import { machineCalendar, machineClock } from '../app/machineTime.ts';

/** `npm run demo`: a server, and headless tabs or workers without a browser that train on it to the target. */

async function main(): Promise<number> {
  const load = (remembered?: Remembered) => loadConfig('demo', undefined, undefined, remembered);
  const temporary = load().dataDir === null ? await mkdtemp(join(tmpdir(), 'tabswarm-demo-')) : null;
  const progress = showProgress();
  const { note } = progress;
  const interrupted = interruption(note);
  let begun: PreparedRun | null = null;
  let prepared: PreparedWorkers | null = null;
  try {
    begun = await prepareRun({ load, temporary, clock: machineClock, calendar: machineCalendar, note });
    const config = withOwnCredential(begun.config);
    prepared = await prepareDemoWorkers(config, note);
    const pages = await ensurePages();
    const serving = await serve({
      ...begun,
      config,
      pages,
      clock: machineClock,
      calendar: machineCalendar,
      log: note,
    });
    const { run } = serving.training;
    for (const line of addressLines(serving.addresses, serving.adminUrl)) note(line);
    await serving.training.begin();
    const url = new URL(serving.addresses[0]?.url ?? serving.url);
    const { engine, join: credential } = config;
    url.hash = joinFragment(credential);
    const crowd = await startDemoWorkers(prepared, { url: url.href, engine, join: credential, log: note });
    progress.follow(() => runProgress(serving.snapshot()));
    const died = crowd.ended.then((how) => how === 'died');
    const end = await Promise.race([
      run.ended().then(() => 'ended' as const),
      interrupted.then(() => 'interrupted' as const),
      died.then(() => 'died' as const),
    ]);
    if (end === 'died') note('Nobody is left to train.');
    await run.stop('interrupted');
    progress.end();
    const hash = await serving.hash().catch(() => null);
    const summary = summaryOf(serving.snapshot(), { ...config, ...prepared }, serving.trainImages, hash);
    await crowd.close();
    await serving.close();
    messages.line(summaryText(summary));
    if (config.json) results.line(summaryJson(summary));
    const lost = end === 'died' || summary.saved === false;
    return !lost && succeeded(summary, config) ? 0 : EXIT_FAILED;
  } finally {
    await prepared?.browser?.then(
      (browser) => browser.close(),
      () => undefined,
    );
    await begun?.folder.close();
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
  }
}

/** Whether the run came to the end that was asked for. */
function succeeded({ stop }: Summary, { target }: Config): boolean {
  switch (stop) {
    case 'target':
    case 'max-commits':
    case 'stopped':
    case 'interrupted':
      return true;
    case 'max-seconds':
      return target === null;
    case 'shard-lost':
    case null:
      return false;
  }
}

await runCommand(main);
