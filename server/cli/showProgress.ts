import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { machineClock } from './machineTime.ts';
import { reporter } from './progress.ts';

const UPDATE_EVERY_MS = 250;

export interface ShownProgress {
  note: (text: string) => void;
  follow: (snapshot: () => AdminSnapshot) => void;
  end: () => void;
}

/** A progress reporter on standard error that follows a run; standard output is left to results. */
export function showProgress(): ShownProgress {
  const shown = reporter({ stream: process.stderr, tty: process.stderr.isTTY, clock: machineClock });
  let timer: NodeJS.Timeout | undefined;
  return {
    note: (text) => shown.note(text),
    follow: (snapshot) => {
      timer = setInterval(() => shown.update(snapshot()), UPDATE_EVERY_MS);
    },
    end: () => {
      clearInterval(timer);
      shown.end();
    },
  };
}
