import { RUNS, setting } from '../setting.ts';
import { flag } from '../values.ts';

/** What a command prints. */
export const OUTPUT_SETTINGS = {
  json: setting(RUNS, flag, false, 'End with one line of JSON on standard output.'),
};
