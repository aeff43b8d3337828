import { addressLines } from '../app/addresses.ts';
import { prepareRun, type PreparedRun } from '../app/startState.ts';
import { loadConfig } from '../config/config.ts';
import { interruption } from '../terminal/interruption.ts';
import { EXIT_FAILED, runCommand } from '../terminal/failure.ts';
import { messages, results } from '../terminal/output.ts';
import { ensurePages } from '../app/pages.ts';
import { runProgress } from '../terminal/progress.ts';
import { showProgress, type ShownProgress } from '../terminal/showProgress.ts';
import { serve } from '../app/serve.ts';
import { summaryJson, summaryOf, summaryText } from '../terminal/summary.ts';
import { machineCalendar, machineClock } from '../app/machineTime.ts';

/** `npm start`: serves a run until it is interrupted. */

async function main(): Promise<number> {
  const progress = showProgress();
  const begun = await prepareRun({
    load: (remembered) => loadConfig('start', undefined, undefined, remembered),
    temporary: null,
    clock: machineClock,
    calendar: machineCalendar,
    note: progress.note,
  });
  try {
    return await serveRun(begun, progress);
  } finally {
    await begun.folder.close();
  }
}

async function serveRun(begun: PreparedRun, progress: ShownProgress): Promise<number> {
  const { config } = begun;
  const { note } = progress;
  const pages = await ensurePages();
  const interrupted = interruption(note);
  const serving = await serve({ ...begun, pages, clock: machineClock, calendar: machineCalendar, log: note });
  const { training, addresses, trusted, adminUrl, trainImages } = serving;
  for (const line of addressLines(addresses, adminUrl, trusted)) note(line);
  progress.follow(() => runProgress(serving.snapshot()));
  await training.begin();
  await interrupted;
  await training.run.stop('interrupted');
  progress.end();
  const hash = await serving.hash().catch(() => null);
  const summary = summaryOf(serving.snapshot(), config, trainImages, hash);
  await serving.close();
  messages.line(summaryText(summary));
  if (config.json) results.line(summaryJson(summary));
  return summary.saved === false ? EXIT_FAILED : 0;
}

await runCommand(main);
