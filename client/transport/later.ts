import type { After } from '../../shared/transport/chunkedChannel.ts';

/** The timer of browsers and Node. */
export const later: After = (milliseconds, task) => {
  const timer = setTimeout(task, milliseconds);
  return () => clearTimeout(timer);
};
