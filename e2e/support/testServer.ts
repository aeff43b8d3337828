import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareRun } from '../../server/app/startState.ts';
import { loadConfig, type Config } from '../../server/config/config.ts';
import { ensurePages } from '../../server/app/pages.ts';
import { serve, type Serving } from '../../server/app/serve.ts';
import { machineCalendar, machineClock, type Calendar } from '../../server/app/machineTime.ts';
import type { Clock } from '../../server/core/clock.ts';

/** A real server on a free port of this machine, started, and what it said went wrong. */
export interface TestServer extends Serving {
  config: Config;
  /** What was said of the run that it goes on with. */
  begun: string[];
  log: string[];
}

/** Closes what a test opened, last first, and removes what it wrote. */
export class Cleanup {
  readonly #tasks: (() => unknown)[] = [];

  add(task: () => unknown): void {
    this.#tasks.push(task);
  }

  async run(): Promise<void> {
    for (const task of this.#tasks.splice(0).reverse()) await task();
  }
}

/** A folder that goes when the test ends. */
export async function temporaryFolder(cleanup: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tabswarm-test-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestServerOptions {
  environment?: Record<string, string>;
  clock?: Clock;
  calendar?: Calendar;
  /** Folder of the pages, where they are not those of the project. */
  pages?: string;
}

/** What scripted engines compute is no model's update. */
const UNAUDITED = { TABSWARM_AUDIT_CPU: '0' };

/**
 * Serves what a command line asks for, as `npm start` does, on a free port.
 * @param argv flags; `--data-dir` is a temporary folder where they name none.
 */
export async function startServer(
  cleanup: Cleanup,
  argv: string[],
  { environment = {}, clock = machineClock, calendar = machineCalendar, pages }: TestServerOptions = {},
): Promise<TestServer> {
  const folder = argv.includes('--data-dir') ? [] : ['--data-dir', await temporaryFolder(cleanup)];
  const flags = ['--port', '0', '--host', '127.0.0.1', ...folder, ...argv];
  const log: string[] = [];
  const said: string[] = [];
  const note = (line: string) => void log.push(line);
  const begun = await prepareRun({
    load: (remembered) => loadConfig('start', flags, { ...UNAUDITED, ...environment }, remembered),
    temporary: null,
    clock: machineClock,
    calendar: machineCalendar,
    note: (line) => void said.push(line),
  });
  cleanup.add(() => begun.folder.close());
  const serving = await serve({
    ...begun,
    pages: pages ?? (await ensurePages()),
    clock,
    calendar,
    log: note,
  });
  cleanup.add(() => serving.close());
  await serving.training.begin();
  return { ...serving, config: begun.config, begun: said, log };
}
