import { readFileSync } from 'node:fs';
import { Command as Program, CommanderError, Option } from 'commander';
import {
  ConfigError,
  defaultOf,
  environmentNameOf,
  flagOf,
  headingOf,
  KEYS,
  SETTINGS,
  type Key,
} from './flags.ts';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { COMMAND_NAMES, COMMANDS, type Command } from './commands.ts';
import type { RawValue } from './values.ts';

/* What is made from the table of flags.ts for a person to read: `--help`, and the table of docs/operations.md. */

/** The setting that may be given without its flag. */
const ARGUMENTS: Partial<Record<Command, readonly Key[]>> = { control: ['action', 'device'] };

/** Asked for `--help` or `--version`: the message is the text to show. */
export class HelpRequest extends Error {
  override name = 'HelpRequest';
}

/**
 * Reads a command line into the raw values of the flags that are on it.
 * @throws {HelpRequest} for `--help` and `--version`.
 * @throws {ConfigError} naming the flag that is unknown, or lacks its value.
 */
export function readFlags(command: Command, argv: readonly string[]): Partial<Record<Key, RawValue>> {
  const program = programOf(command);
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') throw new HelpRequest(helpOf(command));
    if (error.code === 'commander.version') throw new HelpRequest(versionLine());
    if (error.code === 'commander.excessArguments') {
      throw new ConfigError(`${JSON.stringify(program.args.join(' '))} belongs to no flag; see --help`);
    }
    throw new ConfigError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
  }
  const flags = program.opts<Partial<Record<Key, RawValue>>>();
  program.args.forEach((word, place) => {
    const argument = ARGUMENTS[command]?.[place];
    if (argument !== undefined) flags[argument] = word;
  });
  return flags;
}

/** What a command is called by in a shell; its flags stand behind `--`. */
export const npmCommand = (command: Command): string => COMMANDS[command].shell;

/** What `--version` shows. */
function versionLine(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return `tabswarm ${version}, protocol ${PROTOCOL_VERSION}`;
}

/** The text of `--help`. */
export function helpOf(command: Command): string {
  let text = '';
  const program = programOf(command).configureOutput({ writeOut: (part) => (text += part) });
  program.outputHelp();
  return text.trimEnd();
}

function programOf(command: Command): Program {
  const program = new Program(`${npmCommand(command)} --`)
    .description(COMMANDS[command].about)
    .optionsGroup('Help:')
    .addHelpOption(new Option('-h, --help', 'Show this.').helpGroup('Help:'))
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const argument of ARGUMENTS[command] ?? [])
    program.argument(`[${argument}]`, `The same as ${flagOf(argument)}.`);
  for (const key of KEYS) {
    if (SETTINGS[key].commands.includes(command)) program.addOption(optionOf(key, command));
  }
  program.version(versionLine(), '--version', 'Show the version.');
  const examples = COMMANDS[command].examples.flatMap(({ flags, does }) => [
    `  ${npmCommand(command)} -- ${flags}`,
    `      ${does}`,
  ]);
  return program.addHelpText(
    'after',
    `\nExamples:\n${examples.join('\n')}\n\nEach is also read from the environment, for instance ${environmentNameOf(keysOf(command)[0] ?? 'model')}; a flag goes first.`,
  );
}

function optionOf(key: Key, command: Command): Option {
  const { kind, help } = SETTINGS[key];
  const flags = kind.placeholder === null ? flagOf(key) : `${flagOf(key)} ${kind.placeholder}`;
  const standard = shown(defaultOf(key, command));
  const text = `${help}${standard === '' ? '' : ` (default: ${withUnit(standard, key)})`}`;
  return new Option(flags, text).helpGroup(headingOf(key));
}

/** The keys of the settings that a command has. */
export function keysOf(command: Command): Key[] {
  return KEYS.filter((key) => SETTINGS[key].commands.includes(command));
}

/** All settings as a Markdown table. */
export function settingsTable(): string {
  const rows = KEYS.map((key) => {
    const { kind, help, commands } = SETTINGS[key];
    const cells = [
      `\`${flagOf(key)}\``,
      `\`${environmentNameOf(key)}\``,
      kind.expects,
      defaultsOf(key),
      commands.join(', '),
      help,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| flag | environment | value | default | commands | |', '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

/** The default, and behind it those of the commands that differ, for instance `8080 (demo: 0)`. */
function defaultsOf(key: Key): string {
  const { commands, defaults } = SETTINGS[key];
  const usual = commands.find((command) => !(command in defaults)) ?? commands[0] ?? 'start';
  const own = COMMAND_NAMES.filter((command) => command !== usual && command in defaults).map(
    (command) => `${command}: ${shown(defaultOf(key, command)) || 'none'}`,
  );
  const standard = withUnit(shown(defaultOf(key, usual)), key);
  return own.length === 0 ? standard : `${standard} (${own.join(', ')})`.trim();
}

function withUnit(standard: string, key: Key): string {
  const { unit } = SETTINGS[key];
  return unit === null || !/^[\d.]+$/.test(standard) ? standard : `${standard} ${unit}`;
}

function shown(standard: unknown): string {
  if (standard === null) return 'none';
  if (standard === false) return 'off';
  return typeof standard === 'string' || typeof standard === 'number' ? `${standard}` : '';
}
