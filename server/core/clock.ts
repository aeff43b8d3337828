/** The time and the only way to wait for it; injected, so that tests turn it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, `milliseconds` from now; the answer cancels it. */
  after(milliseconds: number, task: () => void): () => void;
}
