/**
 * How time passes, and the only way to wait for it; injected, so that tests turn it by hand. It knows no dates, and
 * setting the machine's date does not move it [TI1].
 */
export interface Clock {
  /** Milliseconds, with fractions, since an origin that means nothing outside this process; never less than before. */
  now(): number;
  /** Runs `task` once, `milliseconds` from now; the answer cancels it. */
  after(milliseconds: number, task: () => void): () => void;
}
