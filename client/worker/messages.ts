import type { EngineName } from '../../shared/profile/profile.ts';
import type { RunStatus } from '../../shared/protocol/messages.ts';

/* What the page and its training worker say to each other. The page shows; the worker does everything else. */

/** What a device shows to keep its id over a reload; secret. */
export interface Credentials {
  device: string;
  token: string;
}

export interface StartRequest {
  type: 'start';
  /** Origin of the server, for instance `https://192.168.1.4:8080`. */
  server: string;
  engine: EngineName | 'auto';
  /** Credential to join; empty where the server is open to all. */
  join: string;
  resume: Credentials | null;
  /** For instance `Chrome 156 on Linux`. */
  agent: string;
  /** Workers at most. */
  workers: number;
}

export type PageToWorker = StartRequest | { type: 'stop' };

/**
 * loading: fetching and warming up the engine; connecting: no connection; waiting: joined, no work at present;
 * training: computing or handing in; stopped: the person stopped; failed: cannot go on, see the message.
 */
export type WorkerState = 'loading' | 'connecting' | 'waiting' | 'training' | 'stopped' | 'failed';

export type WorkerToPage =
  | { type: 'state'; state: WorkerState; message: string | null }
  | {
      type: 'engine';
      /** What it really got. */
      name: string;
      detail: string;
      software: boolean;
      /** Why it is not what was asked for or expected; null where it is. */
      note: string | null;
    }
  | {
      type: 'progress';
      samplesPerSecond: number;
      /** Updates that became part of the model. */
      applied: number;
      /** Updates that did not. */
      lost: number;
      samples: number;
    }
  | {
      type: 'workers';
      /** That train beside each other. */
      count: number;
    }
  | { type: 'status'; status: RunStatus }
  | { type: 'credentials'; credentials: Credentials };
