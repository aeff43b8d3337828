import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './testServer.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A worker in a process of its own, as `npm run worker` starts one. */
export interface WorkerProcess {
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** Starts a worker that joins the run of a server; it ends with the test. */
export function startWorkerProcess(cleanup: Cleanup, url: string): WorkerProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/cli/worker.ts', '--url', url], {
    cwd: ROOT,
    stdio: 'ignore',
  });
  const gone = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  cleanup.add(kill);
  return { kill };
}
