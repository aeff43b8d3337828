import { WORKER_STATES } from '../device/workerState.ts';
import type { Conditions } from '../../shared/profile/profile.ts';
import type { FromPeer, PeerRequest } from '../transport/peerPort.ts';
import type { PageToWorker, StartRequest, WorkerToPage } from '../device/messages.ts';

/** How long a worker may take to finish after Stop before it is ended, in ms: a touch must be enough. */
const STOP_WITHIN_MS = 1500;

/** What the page is to show or keep. */
type Told = Exclude<WorkerToPage, { type: 'peer' }>;

/** One training worker at a time: started, asked to stop, ended when it has. Nothing trains on this thread. */
export class WorkerSession {
  readonly #hear: (message: Told) => void;
  #worker: Worker | null = null;
  /** Ends each data channel that the worker has. */
  readonly #peers = new Set<() => void>();
  #end: ReturnType<typeof setTimeout> | undefined;

  constructor(hear: (message: Told) => void) {
    this.#hear = hear;
  }

  start(request: Omit<StartRequest, 'type'>): void {
    this.#close();
    let worker: Worker;
    try {
      worker = new Worker(new URL('../device/main.ts', import.meta.url), { type: 'module' });
    } catch (thrown) {
      this.#fail(`This browser could not start a training worker: ${String(thrown)}`);
      return;
    }
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<WorkerToPage>) => {
      if (this.#worker === worker) this.#receive(event.data);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      // An error while loading has no message.
      if (this.#worker === worker) {
        this.#fail(
          event.message
            ? `The training worker failed: ${event.message}`
            : 'The training worker could not be loaded. Reload the page; if that does not help, this browser may be too old.',
        );
      }
    });
    worker.addEventListener('messageerror', () => {
      if (this.#worker === worker) this.#fail('A message of the training worker could not be read.');
    });
    worker.postMessage({ type: 'start', ...request } satisfies PageToWorker);
  }

  /** Tells the worker what has changed of the device. */
  tell(conditions: Partial<Conditions>): void {
    this.#worker?.postMessage({ type: 'conditions', conditions } satisfies PageToWorker);
  }

  /** Asks the worker to stop, and ends it if it does not in time. */
  stop(): void {
    const worker = this.#worker;
    if (!worker) return;
    worker.postMessage({ type: 'stop' } satisfies PageToWorker);
    this.#end = setTimeout(
      () => this.#receive({ type: 'state', state: 'stopped', message: null }),
      STOP_WITHIN_MS,
    );
  }

  #receive(message: WorkerToPage): void {
    if (message.type === 'peer') {
      // A chunk of its own: training begins without it.
      void this.#openPeer(message.request);
      return;
    }
    if (message.type === 'state' && WORKER_STATES[message.state].isOver) this.#close();
    this.#hear(message);
  }

  /** A page that cannot have data channels says so to its worker, which goes on without. */
  async #openPeer(request: PeerRequest): Promise<void> {
    const worker = this.#worker;
    try {
      const { openPeer } = await import('../transport/pagePeer.ts');
      const close = openPeer(request, () => this.#peers.delete(close));
      if (worker === this.#worker) this.#peers.add(close);
      else close();
    } catch (error) {
      request.port.postMessage({ type: 'closed', reason: String(error) } satisfies FromPeer);
    }
  }

  #fail(message: string): void {
    this.#receive({ type: 'state', state: 'failed', message });
  }

  #close(): void {
    for (const close of this.#peers) close();
    clearTimeout(this.#end);
    this.#worker?.terminate();
    this.#worker = null;
  }
}
