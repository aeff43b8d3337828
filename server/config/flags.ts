import type { Command } from './commands.ts';
import { DEVICES_SETTINGS } from './settings/devices.ts';
import { END_SETTINGS } from './settings/end.ts';
import { JOINING_SETTINGS } from './settings/joining.ts';
import { MODEL_SETTINGS } from './settings/model.ts';
import { NETWORK_SETTINGS } from './settings/network.ts';
import { OUTPUT_SETTINGS } from './settings/output.ts';
import { PLACEMENT_SETTINGS } from './settings/placement.ts';
import { STORAGE_SETTINGS } from './settings/storage.ts';

/*
 * Every setting of every command, declared once: the flags, the environment names, the help, the validation and
 * the table of docs/operations.md are made from this.
 */

/** A setting that cannot be used: the message is one line that names the flag or variable and the value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** What settings are about, in the order in which `--help` shows them: a file of `settings/` each. */
export const SUBJECTS = [
  { heading: 'Joining and steering:', settings: JOINING_SETTINGS },
  { heading: 'Tabs and workers:', settings: DEVICES_SETTINGS },
  { heading: 'Model and training:', settings: MODEL_SETTINGS },
  { heading: 'Sharing out the work:', settings: PLACEMENT_SETTINGS },
  { heading: 'Measuring, and the end of the run:', settings: END_SETTINGS },
  { heading: 'Keeping and going on:', settings: STORAGE_SETTINGS },
  { heading: 'Network and access:', settings: NETWORK_SETTINGS },
  { heading: 'Output:', settings: OUTPUT_SETTINGS },
] as const;

export const SETTINGS = {
  ...JOINING_SETTINGS,
  ...DEVICES_SETTINGS,
  ...MODEL_SETTINGS,
  ...PLACEMENT_SETTINGS,
  ...END_SETTINGS,
  ...STORAGE_SETTINGS,
  ...NETWORK_SETTINGS,
  ...OUTPUT_SETTINGS,
};

export type Key = keyof typeof SETTINGS;

/** The value of every setting; those that a recipe decides may still be undefined. */
export type Settings = { [K in Key]: (typeof SETTINGS)[K]['default'] };

export const KEYS = Object.keys(SETTINGS) as Key[];

/** `maxCommits` is `--max-commits` on the command line. */
export function flagOf(key: Key): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `maxCommits` is `TABSWARM_MAX_COMMITS` in the environment. */
export function environmentNameOf(key: Key): string {
  return `TABSWARM_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What a command takes where nobody says otherwise, as typed; `undefined` where the model's recipe decides. */
export function defaultOf(key: Key, command: Command): unknown {
  const { default: standard, defaults } = SETTINGS[key];
  return command in defaults ? defaults[command] : standard;
}

/** The heading under which `--help` has a setting. @throws {Error} where no subject has it: a broken invariant. */
export function headingOf(key: Key): string {
  const subject = SUBJECTS.find(({ settings }) => key in settings);
  if (subject === undefined) throw new Error(`no subject has the setting ${key}`);
  return subject.heading;
}
