import { Worker } from 'node:worker_threads';
import type { CellResult, CellSpec } from './cell.ts';

/**
 * Runs cells in a number of threads. @param done hears of each as it ends.
 * @throws {Error} where a thread fails.
 */
export async function runCells(
  cells: readonly CellSpec[],
  threads: number,
  done: (result: CellResult) => void,
): Promise<void> {
  const left = [...cells];
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./thread.mjs', import.meta.url));
      const next = () => worker.postMessage(left.shift() ?? null);
      worker.on('message', (result: CellResult) => {
        done(result);
        next();
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      next();
    });
  await Promise.all(Array.from({ length: Math.min(threads, cells.length) }, work));
}
