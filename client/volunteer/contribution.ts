import type { RunStatus } from '../../shared/protocol/messages.ts';
import { stopWords } from '../page/words.ts';
import type { WorkerToPage } from '../worker/messages.ts';
import type { WorkerState } from '../worker/volunteer.ts';

type EngineReport = Extract<WorkerToPage, { type: 'engine' }>;

export interface Counts {
  applied: number;
  lost: number;
  samples: number;
}

/** All that the page shows. It changes by `receive` and the three functions after it alone. */
export interface Contribution {
  /** `ready`: nobody has pressed the button; `stopping`: pressed, the worker is finishing. */
  state: WorkerState | 'ready' | 'stopping';
  message: string | null;
  engine: EngineReport | null;
  /** That train beside each other. */
  workers: number;
  samplesPerSecond: number;
  /** Of the workers that this page had before the present one, which counts from zero. */
  before: Counts;
  present: Counts;
  status: RunStatus | null;
}

const NOTHING: Counts = { applied: 0, lost: 0, samples: 0 };

export const initially: Contribution = {
  state: 'ready',
  message: null,
  engine: null,
  workers: 1,
  samplesPerSecond: 0,
  before: NOTHING,
  present: NOTHING,
  status: null,
};

export const totals = ({ before, present }: Contribution): Counts => ({
  applied: before.applied + present.applied,
  lost: before.lost + present.lost,
  samples: before.samples + present.samples,
});

/** Whether a worker is at it, so that the button says Stop. */
export function isActive({ state }: Contribution): boolean {
  return state === 'loading' || state === 'connecting' || state === 'waiting' || state === 'training';
}

export function begin(shown: Contribution): Contribution {
  return { ...shown, state: 'loading', message: null, before: totals(shown), present: NOTHING };
}

export function stopping(shown: Contribution): Contribution {
  return { ...shown, state: 'stopping', message: null, samplesPerSecond: 0 };
}

export function receive(
  shown: Contribution,
  message: Exclude<WorkerToPage, { type: 'credentials' | 'peer' }>,
): Contribution {
  switch (message.type) {
    case 'state': {
      // What a worker was doing when the person pressed Stop is no news; that it has stopped is.
      if (shown.state === 'stopping' && message.state !== 'stopped' && message.state !== 'failed')
        return shown;
      const working = message.state === 'training' || message.state === 'waiting';
      return {
        ...shown,
        state: message.state,
        message: message.message,
        samplesPerSecond: working ? shown.samplesPerSecond : 0,
      };
    }
    case 'engine':
      return { ...shown, engine: message };
    case 'progress': {
      const { samplesPerSecond, applied, lost, samples } = message;
      return {
        ...shown,
        samplesPerSecond: shown.state === 'stopping' ? 0 : samplesPerSecond,
        present: { applied, lost, samples },
      };
    }
    case 'workers':
      return { ...shown, workers: message.count };
    case 'status':
      return { ...shown, status: message.status };
  }
}

/** What the device is doing, in words. */
export function stateWords({ state, status }: Contribution): string {
  switch (state) {
    case 'ready':
      return 'Not contributing';
    case 'loading':
      return 'Getting the training engine ready';
    case 'connecting':
      return 'Connecting to the server';
    case 'waiting':
      if (status?.state === 'paused') return 'Waiting: the run is paused';
      if (status?.state === 'stopped') return 'Nothing left to do: the run has ended';
      return 'Connected, waiting for work';
    case 'training':
      return 'Training on this device';
    case 'stopping':
      return 'Stopping';
    case 'stopped':
      return 'Stopped. Thank you for helping';
    case 'failed':
      return 'Cannot go on';
  }
}

/** What the run is doing, in words. */
export function runWords(status: RunStatus | null): string {
  if (status === null) return 'Waiting for word from the server.';
  switch (status.state) {
    case 'running':
      return `The run of ${status.model} is under way.`;
    case 'paused':
      return `The run of ${status.model} is paused by its operator. It may go on at any time.`;
    case 'stopped':
      return `The run of ${status.model} ${stopWords(status.stop)}.`;
  }
}
