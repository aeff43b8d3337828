/** What a run is doing. */
export const RUN_STATES = {
  running: { trains: true, isOver: false },
  paused: { trains: false, isOver: false },
  stopped: { trains: false, isOver: true },
} as const satisfies Record<string, { trains: boolean; isOver: boolean }>;
export type RunState = keyof typeof RUN_STATES;
export const RUN_STATE_NAMES = Object.keys(RUN_STATES) as RunState[];

interface StopTraits {
  /** Completes the sentence "The run ...". */
  means: string;
  /** All shards are there, so the last version can be measured and kept. */
  isWhole: boolean;
  /** When it is kept that the run stopped: its server, started again, leaves it so. */
  kept: 'at once' | 'with the last version' | 'never';
}

/** Why a run stopped. */
export const STOP_REASONS = {
  target: { means: 'reached its target accuracy', isWhole: true, kept: 'with the last version' },
  'max-commits': { means: 'reached its limit of commits', isWhole: true, kept: 'with the last version' },
  'max-seconds': { means: 'reached its time limit', isWhole: true, kept: 'with the last version' },
  stopped: { means: 'was stopped by its operator', isWhole: true, kept: 'at once' },
  interrupted: { means: 'ended because the server is shutting down', isWhole: true, kept: 'never' },
  'shard-lost': { means: 'ended because a parameter shard was lost', isWhole: false, kept: 'never' },
} as const satisfies Record<string, StopTraits>;
export type StopReason = keyof typeof STOP_REASONS;
export const STOP_REASON_NAMES = Object.keys(STOP_REASONS) as StopReason[];

/** Why a run stopped, as the end of a sentence that begins "The run". */
export function describeStop(stop: StopReason | null): string {
  return stop === null ? 'has stopped' : STOP_REASONS[stop].means;
}
