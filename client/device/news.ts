import type { RunStatus } from '../../shared/protocol/messages.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import type { WorkerState } from './workerState.ts';

/** What becomes of a device, for whoever shows it: its page, or the command that started it. */
export type News =
  | {
      type: 'state';
      state: WorkerState;
      message: string | null;
      /** Of the server that refused it, where that is why it failed. */
      outcome?: Outcome | undefined;
    }
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
  | { type: 'status'; status: RunStatus };
