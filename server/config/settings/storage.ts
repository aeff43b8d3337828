import { RUNS, setting } from '../setting.ts';
import { flag, seconds, words } from '../values.ts';

/** The longest that one timer of Node can wait is 2^31 ms; this stays below it. */
const MAX_SECONDS = 2_000_000;

/** What is kept. */
export const STORAGE_SETTINGS = {
  checkpointSeconds: setting(RUNS, seconds(MAX_SECONDS), 30, 'Time between two checkpoints.', { unit: 's' }),
  dataDir: setting<string | null>(
    RUNS,
    words('a path', '<folder>'),
    './data',
    'Folder of the checkpoints; without it a demo uses a temporary one.',
    { defaults: { demo: null } },
  ),
  resume: setting(RUNS, flag, false, 'Continue from the newest checkpoint of the data folder.'),
};
