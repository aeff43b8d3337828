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

/** The only thing a thread is told: leave and end. */
export type ToNodeWorker = 'stop';

export type FromNodeWorker =
  { type: 'engine'; name: string; note: string | null } | { type: 'failed'; message: string };
