import { ConfigError, environmentNameOf, flagOf, SETTINGS, type Key } from './flags.ts';
import { keysOf, npmCommand } from './help.ts';
import type { Command } from './commands.ts';

/**
 * npm takes flags for its own that do not stand behind `--`: it hands them over as variables, and what stands behind
 * one as an argument.
 * @throws {ConfigError} with the command as it has to be written, where npm took a flag of it.
 */
export function refuseSwallowed(
  command: Command,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  if (environment['npm_lifecycle_event'] !== command) return;
  const taken = keysOf(command).filter(
    (key) =>
      environment[npmNameOf(key)] !== undefined &&
      !argv.some((word) => word === flagOf(key) || word.startsWith(`${flagOf(key)}=`)) &&
      !environment[environmentNameOf(key)],
  );
  if (taken.length === 0) return;
  const words = argv.filter((word) => !word.startsWith('-'));
  // Of several it cannot be told which word was behind which.
  const behind = taken.length === 1 && words.length > 0 ? words.join(' ') : null;
  const flags = taken.map((key) => written(key, environment[npmNameOf(key)] ?? '', behind));
  const kept = argv.filter((word) => !words.includes(word));
  throw new ConfigError(
    `npm takes flags for its own that do not stand behind --; write ${[npmCommand(command), '--', ...flags, ...kept].join(' ')}`,
  );
}

/** How npm calls the variable of a flag that it took. */
const npmNameOf = (key: Key): string => `npm_config_${flagOf(key).slice(2).replaceAll('-', '_')}`;

/** The flag with its value as far as it is known; secrets are not shown. */
function written(key: Key, value: string, behind: string | null): string {
  const { kind, secret } = SETTINGS[key];
  if (kind.placeholder === null) return flagOf(key);
  const known = value === 'true' ? behind : value;
  return `${flagOf(key)} ${known === null || secret ? kind.placeholder : known}`;
}
