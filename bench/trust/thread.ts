import { parentPort } from 'node:worker_threads';
import { runCell, type CellSpec } from './cell.ts';
import { openWorkshop } from './testBed.ts';

/* A thread of `npm run bench:trust`: one cell after the other, until it is told that there are no more. */

const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a worker thread');
const workshop = await openWorkshop();
port.on('message', (spec: CellSpec | null) => {
  if (spec === null) void workshop.close().then(() => port.close());
  else void runCell(spec, workshop).then((result) => port.postMessage(result));
});
