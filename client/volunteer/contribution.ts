import type { RunStatus } from '../../shared/protocol/messages.ts';
import { describeStop, RUN_STATES, type RunState } from '../../shared/protocol/runState.ts';
import type { WorkerToPage } from '../device/messages.ts';
import { WORKER_STATES, type WorkerState } from '../device/workerState.ts';
import type { Counts, KeptFigures } from './identities.ts';

type EngineReport = Extract<WorkerToPage, { type: 'engine' }>;

interface PageStateTraits {
  /** A worker is at it, so that the button says Stop. */
  isActive: boolean;
  /** The device is connected, and has joined and loaded an engine. */
  isReady: boolean;
}

const OF_PAGE = {
  /** Nobody has pressed the button. */
  ready: { isActive: false, isReady: false },
  /** Pressed again: the worker is finishing. */
  stopping: { isActive: false, isReady: false },
} as const satisfies Record<string, PageStateTraits>;
export type PageState = WorkerState | keyof typeof OF_PAGE;

function traitsOf(state: PageState): PageStateTraits {
  if (state in OF_PAGE) return OF_PAGE[state as keyof typeof OF_PAGE];
  const { isReady, isOver } = WORKER_STATES[state as WorkerState];
  return { isReady, isActive: !isOver };
}

/** All that the page shows. It changes by `receive` and the three functions after it alone. */
export interface Contribution {
  state: PageState;
  message: string | null;
  engine: EngineReport | null;
  /** That train at the same time. */
  workers: number;
  /** 0 where it is not at work. */
  samplesPerSecond: number;
  /** Of the workers that this device had before the present one, which counts from zero. */
  before: Counts;
  present: Counts;
  /** Of all those, what an earlier run of the server had, or one that lost them: the present run has them not. */
  earlier: Counts;
  /** Samples of all devices in the run when the server was last heard, by this page or one before it. */
  runSamples: number;
  /** What the server said last of its run. */
  status: RunStatus | null;
  /** Whether it said so over the connection that there is now. */
  heard: boolean;
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
  earlier: NOTHING,
  runSamples: 0,
  status: null,
  heard: false,
};

export const totals = ({ before, present }: Contribution): Counts => ({
  applied: before.applied + present.applied,
  lost: before.lost + present.lost,
  samples: before.samples + present.samples,
});

/** What the page begins with: the figures of the device that it is, or none. */
export function continuing(shown: Contribution, figures: KeptFigures | null): Contribution {
  const {
    totals: before,
    earlier,
    runSamples,
  } = figures ?? { totals: NOTHING, earlier: NOTHING, runSamples: 0 };
  return { ...shown, before, present: NOTHING, earlier, runSamples };
}

/** What is kept of it for the next page of this device. */
export function figuresOf(shown: Contribution): KeptFigures {
  return { totals: totals(shown), earlier: shown.earlier, runSamples: shown.runSamples };
}

/**
 * Samples of all devices in the present run; null where nothing is known. What the server says comes once a second:
 * this device's own samples may be ahead of it.
 */
export function samplesByAll(shown: Contribution): number | null {
  if (shown.status === null) return null;
  return Math.max(shown.status.samples, totals(shown).samples - shown.earlier.samples);
}

/** Whether the device is connected and has joined. */
export const isJoined = ({ state }: Contribution): boolean => traitsOf(state).isReady;

/** Whether a worker is at it, so that the button says Stop. */
export function isActive({ state }: Contribution): boolean {
  return traitsOf(state).isActive;
}

export function begin(shown: Contribution): Contribution {
  const before = totals(shown);
  return { ...shown, state: 'loading', message: null, heard: false, before, present: NOTHING };
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
      const { state } = message;
      const { isOver, isConnected } = WORKER_STATES[state];
      if (shown.state === 'stopping' && !isOver) return shown;
      return atSpeed(
        { ...shown, state, message: message.message, heard: shown.heard && isConnected },
        shown.samplesPerSecond,
      );
    }
    case 'engine':
      return { ...shown, engine: message };
    case 'progress': {
      const { samplesPerSecond, applied, lost, samples } = message;
      return atSpeed({ ...shown, present: { applied, lost, samples } }, samplesPerSecond);
    }
    case 'workers':
      return { ...shown, workers: message.count };
    case 'status': {
      const { status } = message;
      // A run that has fewer samples than it had is another one, or goes on from an earlier checkpoint.
      const anew = status.samples < shown.runSamples;
      const earlier = anew ? totals(shown) : shown.earlier;
      const runSamples = status.samples;
      return atSpeed({ ...shown, status, heard: true, earlier, runSamples }, shown.samplesPerSecond);
    }
  }
}

/** Shows a speed where the device is at work, and none where there is nothing to do [PG1]. */
function atSpeed(shown: Contribution, samplesPerSecond: number): Contribution {
  const atWork = isJoined(shown) && (shown.status === null || RUN_STATES[shown.status.state].trains);
  return { ...shown, samplesPerSecond: atWork ? samplesPerSecond : 0 };
}

/** What a device waits for, by what the run does. */
const WAITING: Record<RunState, string> = {
  running: 'Connected, waiting for work',
  paused: 'Waiting: the run is paused',
  stopped: 'Nothing left to do: the run has ended',
};

/** What the device is doing, in words. */
export function describeState({ state, status }: Contribution): string {
  switch (state) {
    case 'ready':
      return 'Not contributing';
    case 'loading':
      return 'Getting the training engine ready';
    case 'connecting':
      return 'Connecting to the server';
    case 'waiting':
      return WAITING[status?.state ?? 'running'];
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

/** What the run is doing, in words; what it was doing, where the server cannot be asked [PG7]. */
export function describeRun({ status, heard }: Contribution): string {
  if (status === null) return 'Waiting for word from the server.';
  switch (status.state) {
    case 'running':
      return heard
        ? `The run of ${status.model} is under way.`
        : `When last heard of, the run of ${status.model} was under way.`;
    case 'paused':
      return heard
        ? `The run of ${status.model} is paused by its operator. It may go on at any time.`
        : `When last heard of, the run of ${status.model} was paused by its operator.`;
    case 'stopped':
      return `The run of ${status.model} ${describeStop(status.stop)}.`;
  }
}
