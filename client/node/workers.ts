import { Worker } from 'node:worker_threads';
import { errorMessage } from '../../shared/text/errorMessage.ts';
import { allowRelaxedSimd } from './relaxedSimd.ts';
import type { FromNodeWorker, NodeWorkerTask, ToNodeWorker } from './messages.ts';

/** Workers without a browser, each a device of its own. */
export interface NodeWorkers {
  /** Resolves when they were closed, or when none is left that works. */
  ended: Promise<'closed' | 'died'>;
  /** Has one of them, counted from 0, join again that the server refused for a while. */
  again(worker: number): void;
  /** Lets them give back their leases and leave. */
  close(): Promise<void>;
}

export interface NodeWorkerOptions
  extends
    Pick<NodeWorkerTask, 'server' | 'join' | 'selfSigned'>,
    Partial<Pick<NodeWorkerTask, 'labels' | 'slowdown'>> {
  /** How many. */
  workers: number;
  /** Told what becomes of each, counted from 0. */
  hear: (worker: number, news: FromNodeWorker) => void;
}

/** A thread that has not left by then is ended. */
const LEAVE_WITHIN_MS = 2000;

/** Starts workers that join the run of a server, each in a thread of its own. */
export function startNodeWorkers(options: NodeWorkerOptions): NodeWorkers {
  const { server, join, workers, selfSigned, labels = {}, slowdown = 1, hear } = options;
  // What `fetch` goes by in these threads; the process that started them goes on checking certificates.
  const env = { ...process.env, ...(selfSigned ? { NODE_TLS_REJECT_UNAUTHORIZED: '0' } : {}) };
  allowRelaxedSimd();
  let closed = false;
  const threads = Array.from({ length: workers }, (_, index) => {
    const task: NodeWorkerTask = { server, join, selfSigned, labels, slowdown };
    const thread = new Worker(new URL('./thread.mjs', import.meta.url), { workerData: task, env });
    thread.on('message', (news: FromNodeWorker) => hear(index, news));
    thread.on('error', (error) =>
      hear(index, { type: 'state', state: 'failed', message: errorMessage(error) }),
    );
    const gone = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    const tell = (message: ToNodeWorker) => thread.postMessage(message);
    return { thread, gone, tell };
  });
  const allGone = Promise.all(threads.map(({ gone }) => gone));
  return {
    ended: allGone.then(() => (closed ? 'closed' : 'died')),
    again: (worker) => threads[worker]?.tell('again'),
    async close() {
      closed = true;
      await Promise.all(
        threads.map(async ({ thread, gone, tell }) => {
          tell('stop');
          const late = setTimeout(() => void thread.terminate(), LEAVE_WITHIN_MS);
          await gone;
          clearTimeout(late);
        }),
      );
    },
  };
}
