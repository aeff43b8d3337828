interface WorkerStateTraits {
  /** The server has let it in, over the connection that there is now. */
  isConnected: boolean;
  /** It has an engine, and trains or would like to. */
  isReady: boolean;
  /** It does nothing more. */
  isOver: boolean;
}

/** What the training worker of a device is doing. */
export const WORKER_STATES = {
  loading: { isConnected: true, isReady: false, isOver: false },
  connecting: { isConnected: false, isReady: false, isOver: false },
  waiting: { isConnected: true, isReady: true, isOver: false },
  training: { isConnected: true, isReady: true, isOver: false },
  stopped: { isConnected: false, isReady: false, isOver: true },
  failed: { isConnected: false, isReady: false, isOver: true },
} as const satisfies Record<string, WorkerStateTraits>;
export type WorkerState = keyof typeof WORKER_STATES;
