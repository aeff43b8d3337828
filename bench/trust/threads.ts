import { Worker } from 'node:worker_threads';
import type { CellResult, CellSpec } from './cell.ts';

/**
 * Runs cells in a number of threads. @param done hears of each as it ends, and which it is.
 * @throws {Error} where a thread fails.
 */
export async function runCells(
  cells: readonly CellSpec[],
  threads: number,
  done: (result: CellResult, index: number) => void,
): Promise<void> {
  const left = [...cells.entries()];
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./thread.mjs', import.meta.url));
      let current = 0;
      const next = () => {
        const [index, cell] = left.shift() ?? [current, null];
        current = index;
        worker.postMessage(cell);
      };
      worker.on('message', (result: CellResult) => {
        done(result, current);
        next();
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      next();
    });
  await Promise.all(Array.from({ length: Math.min(threads, cells.length) }, work));
}
