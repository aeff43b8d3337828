import type { News } from '../device/news.ts';
import type { DeviceLabels } from '../../shared/profile/profile.ts';

/* What the threads of workers without a browser and the program that started them say to each other. */

/** What a thread is started with. */
export interface NodeWorkerTask {
  /** Base of the server. */
  server: string;
  /** Credential to join; empty where the server is open to all. */
  join: string;
  /** The server's certificate is its own word, and taken for it. */
  selfSigned: boolean;
  labels: DeviceLabels;
  /** How many times longer than it needs it takes over everything it computes; 1 is no longer. */
  slowdown: number;
}

/** What a thread is told: leave and end, or join again after it was refused for a while. */
export type ToNodeWorker = 'stop' | 'again';

export type FromNodeWorker = News;
export { WORKER_STATES } from '../device/workerState.ts';
