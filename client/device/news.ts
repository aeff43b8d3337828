import type { RunStatus } from '../../shared/protocol/messages.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import type { WorkerState } from './workerState.ts';

/** Events of a device, for the page or the command that shows them. */
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
      /** That train at the same time. */
      count: number;
    }
  | { type: 'status'; status: RunStatus };
