import type { RunAction } from '../../shared/protocol/runActions.ts';
import type { Training } from './training.ts';

/** What the server does for each action of the console; done when the promise is. */
export type RunActionHandlers = Readonly<Record<RunAction, () => Promise<void>>>;

/** The handlers of one run. */
export function runActionHandlers({ run }: Training): RunActionHandlers {
  return {
    start: () => run.start(),
    pause: () => {
      run.pause();
      return Promise.resolve();
    },
    stop: () => run.stop('stopped'),
  };
}
