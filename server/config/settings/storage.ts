import { RUNS, setting } from '../setting.ts';
import { flag, orNone, seconds, wholeNumber, words } from '../values.ts';

/** The longest that one timer of Node can wait is 2^31 ms; this stays below it. */
const MAX_SECONDS = 2_000_000;

/** What is kept. */
export const STORAGE_SETTINGS = {
  checkpointSeconds: setting(RUNS, seconds(MAX_SECONDS), 30, 'Time between two checkpoints.', { unit: 's' }),
  dataDir: setting<string | null>(
    [...RUNS, 'token'],
    words('a path', '<folder>'),
    './data',
    'Folder of the store; without it a demo uses a temporary one.',
    { defaults: { demo: null } },
  ),
  new: setting(['start'], flag, false, 'Begin another run; the one before it is kept.'),
  checkpoint: setting(
    ['start', 'control'],
    orNone(wholeNumber(1)),
    null,
    'Version of the kept checkpoint to go on from, by default the newest; for control, the version to roll back to.',
    { unit: 'version' },
  ),
};
