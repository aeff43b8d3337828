interface WorkerStateTraits {
  /** The server has let it in, over the connection that there is now. */
  isConnected: boolean;
  /** It has an engine, and trains or would like to. */
  isReady: boolean;
  /** It has work. */
  isAtWork: boolean;
  /** It looks for its server. */
  seeks: boolean;
  /** It does nothing more. */
  isOver: boolean;
}

/** What the training worker of a device is doing. */
export const WORKER_STATES = {
  loading: { isConnected: true, isReady: false, isAtWork: false, seeks: false, isOver: false },
  connecting: { isConnected: false, isReady: false, isAtWork: false, seeks: true, isOver: false },
  waiting: { isConnected: true, isReady: true, isAtWork: false, seeks: false, isOver: false },
  training: { isConnected: true, isReady: true, isAtWork: true, seeks: false, isOver: false },
  stopped: { isConnected: false, isReady: false, isAtWork: false, seeks: false, isOver: true },
  failed: { isConnected: false, isReady: false, isAtWork: false, seeks: false, isOver: true },
} as const satisfies Record<string, WorkerStateTraits>;
export type WorkerState = keyof typeof WORKER_STATES;
