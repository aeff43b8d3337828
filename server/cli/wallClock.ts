import type { Clock } from '../core/clock.ts';

/** The machine's clock. Timers do not keep the process alive: what is served does. */
export const wallClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, task) => {
    const timer = setTimeout(task, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
