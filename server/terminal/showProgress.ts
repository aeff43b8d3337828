import { isDumbTerminal } from '../config/config.ts';
import { machineClock } from '../app/machineTime.ts';
import { messages } from './output.ts';
import { reporter, type RunProgress } from './progress.ts';

const UPDATE_EVERY_MS = 250;

export interface ShownProgress {
  note: (text: string) => void;
  /** @param progress asked for now and then; null while there is none. */
  follow: (progress: () => RunProgress | null) => void;
  end: () => void;
}

/** A progress reporter on standard error; standard output is left to results. */
export function showProgress(): ShownProgress {
  const tty = messages.isTerminal && !isDumbTerminal();
  const shown = reporter({ stream: messages, tty, clock: machineClock });
  let timer: NodeJS.Timeout | undefined;
  return {
    note: (text) => shown.note(text),
    follow: (progress) => {
      timer = setInterval(() => {
        const present = progress();
        if (present !== null) shown.update(present);
      }, UPDATE_EVERY_MS);
    },
    end: () => {
      clearInterval(timer);
      shown.end();
    },
  };
}
