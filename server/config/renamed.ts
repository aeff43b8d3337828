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

/** @throws {ConfigError} with the present name of a setting that is given by an earlier one. */
export function refuseRenamed(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  for (const { flag, variable, now } of RENAMED) {
    if (argv.some((word) => word === flag || word.startsWith(`${flag}=`)))
      throw new ConfigError(`${flag}: this setting is called ${flagOf(now)} now`);
    if (environment[variable])
      throw new ConfigError(`${variable}: this setting is called ${environmentNameOf(now)} now`);
  }
}

/** The settings that a checkpoint keeps, by the names that they have now. */
export function underPresentNames(
  remembered: Readonly<Partial<AdminSnapshot['settings']>>,
): Readonly<Partial<AdminSnapshot['settings']>> {
  const names = new Map<string, string>(RENAMED.map(({ key, now }) => [key, now]));
  return Object.fromEntries(Object.entries(remembered).map(([key, value]) => [names.get(key) ?? key, value]));
}
