import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import { ConfigError, environmentNameOf, flagOf, type Key } from './flags.ts';

interface Renamed {
  flag: string;
  variable: string;
  /** In checkpoints. */
  key: string;
  now: Key;
}

/** Settings that had another name before. */
const RENAMED: readonly Renamed[] = [
  { flag: '--reduce', variable: 'TABSWARM_REDUCE', key: 'reduce', now: 'aggregation' },
];

interface Retired {
  flag: string;
  variable: string;
  /** What takes its place. */
  now: string;
}

/** Settings that there were before. */
const RETIRED: readonly Retired[] = [
  {
    flag: '--resume',
    variable: 'TABSWARM_RESUME',
    now: 'a server goes on with its newest run without it, and --new begins another',
  },
];

/** @throws {ConfigError} with what takes the place of a setting that is given by an earlier name, or is gone. */
export function refuseRenamed(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  for (const { flag, variable, now } of RENAMED) {
    if (isGiven(argv, flag)) throw new ConfigError(`${flag}: this setting is called ${flagOf(now)} now`);
    if (environment[variable])
      throw new ConfigError(`${variable}: this setting is called ${environmentNameOf(now)} now`);
  }
  for (const { flag, variable, now } of RETIRED) {
    if (isGiven(argv, flag)) throw new ConfigError(`${flag}: there is no such setting any more: ${now}`);
    if (environment[variable])
      throw new ConfigError(`${variable}: there is no such setting any more: ${now}`);
  }
}

function isGiven(argv: readonly string[], flag: string): boolean {
  return argv.some((word) => word === flag || word.startsWith(`${flag}=`));
}

/** The settings that a run keeps, by the names that they have now. */
export function underPresentNames(
  remembered: Readonly<Partial<AdminSnapshot['settings']>>,
): Readonly<Partial<AdminSnapshot['settings']>> {
  const names = new Map<string, string>(RENAMED.map(({ key, now }) => [key, now]));
  return Object.fromEntries(Object.entries(remembered).map(([key, value]) => [names.get(key) ?? key, value]));
}
