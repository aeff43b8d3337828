import { describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import { PROTOCOL_VERSION } from '../../shared/protocol/version.ts';
import { environmentNameOf, flagOf, KEYS } from './flags.ts';
import { COMMAND_NAMES, COMMANDS } from './commands.ts';
import { loadConfig } from './config.ts';
import { helpOf, HelpRequest, keysOf, readFlags, settingsTable } from './help.ts';

describe.each(COMMAND_NAMES)('npm run %s -- --help', (command) => {
  it('lists every setting of the command and no other', () => {
    const listed = [...helpOf(command).matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual([...keysOf(command).map(flagOf), '--version'].sort());
  });

  it('has them by subject, no subject twice', () => {
    const headings = helpOf(command).match(/^\S.*:$/gm) ?? [];
    expect(headings.length).toBeGreaterThan(1);
    expect(new Set(headings).size).toBe(headings.length);
    expect(headings).not.toContain('Options:');
  });

  it('has examples that the command takes', () => {
    const { examples } = COMMANDS[command];
    for (const { flags, does } of examples) {
      expect(helpOf(command)).toContain(`-- ${flags}\n      ${does}`);
      expect(() => loadConfig(command, flags.split(' '), {})).not.toThrow();
    }
  });

  it('is what --help asks for', () => {
    expect(() => readFlags(command, ['--help'])).toThrow(new HelpRequest(helpOf(command)));
  });

  it('says which version it is of', () => {
    const line = `tabswarm ${version}, protocol ${PROTOCOL_VERSION}`;
    expect(() => readFlags(command, ['--version'])).toThrow(new HelpRequest(line));
  });
});

it('shows the defaults of the command', () => {
  expect(helpOf('start').replace(/\s+/g, ' ')).toContain('0 is any free one. (default: 8080)');
  expect(helpOf('demo').replace(/\s+/g, ' ')).toContain('after this many seconds. (default: 600 s)');
});

it('reads every flag of every command under the key of its setting', () => {
  expect(readFlags('demo', ['--max-commits', '3', '--json'])).toEqual({ maxCommits: '3', json: true });
});

it('every setting has a row in the table, with as many cells as the head', () => {
  const [head, , ...rows] = settingsTable().split('\n');
  const cells = (row = '') => row.replaceAll('\\|', '').split('|').length;
  expect(rows).toHaveLength(KEYS.length);
  KEYS.forEach((key, index) => {
    expect(rows[index]).toContain(`| \`${flagOf(key)}\` | \`${environmentNameOf(key)}\` |`);
    expect(cells(rows[index])).toBe(cells(head));
  });
});
