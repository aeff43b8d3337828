import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import type { Command } from './commands.ts';

/** What npm sets: each flag that it took is true, or what stood behind a `=`. */
const npm = (command: Command, taken: Record<string, string>) => ({ npm_lifecycle_event: command, ...taken });
const HINT = 'npm takes flags for its own that do not stand behind --; write ';

describe('flags that npm took', () => {
  it.each<[Command, string[], Record<string, string>, string]>([
    ['start', ['9000'], { npm_config_port: 'true' }, 'npm start -- --port 9000'],
    ['start', [], { npm_config_port: '9000', npm_config_new: 'true' }, 'npm start -- --new --port 9000'],
    [
      'demo',
      ['5'],
      { npm_config_max_commits: 'true', npm_config_json: 'true' },
      'npm run demo -- --max-commits <n> --json',
    ],
    ['worker', ['http://host/'], { npm_config_url: 'true' }, 'npm run worker -- --url http://host/'],
    ['start', ['secret'], { npm_config_join: 'true' }, 'npm start -- --join <credential>'],
    ['start', ['9000', '--json'], { npm_config_port: 'true' }, 'npm start -- --port 9000 --json'],
  ])('are named with the command as it has to be written: %s %j', (command, argv, taken, written) => {
    expect(() => loadConfig(command, argv, npm(command, taken))).toThrow(`${HINT}${written}`);
  });

  it.each<[string, string[], Record<string, string>]>([
    ['are given behind -- as well', ['--port', '1'], npm('start', { npm_config_port: '2' })],
    ['are given by variable', [], { ...npm('start', { npm_config_json: 'true' }), TABSWARM_JSON: 'false' }],
    ['belong to another script', [], npm('demo', { npm_config_port: '2' })],
    ['are none of this command', [], npm('start', { npm_config_tabs: '2' })],
  ])('are no matter where they %s', (_name, argv, environment) => {
    expect(loadConfig('start', argv, environment).command).toBe('start');
  });
});
