import { afterEach, describe, expect, it } from 'vitest';
import {
  PLAIN_ACTION_NAMES,
  possibleActions,
  RUN_ACTION_NAMES,
  RUN_ACTIONS,
} from '../shared/protocol/runActions.ts';
import { DEVICE_ACTION_NAMES } from '../shared/protocol/deviceActions.ts';
import { startCommand } from './support/commandProcess.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer, temporaryFolder } from './support/testServer.ts';

/* The console's actions from the command line. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const WORDS = [...RUN_ACTION_NAMES, ...DEVICE_ACTION_NAMES];
const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 60_000;

/** What the command prints and ends with. */
async function control(flags: string[]) {
  const command = startCommand(cleanup, 'control', flags);
  const code = await command.ended;
  return { code, output: command.output(), lines: command.lines };
}

/** A server with some commits, in a state in which the action is possible. */
async function ready(action: (typeof RUN_ACTION_NAMES)[number], ...flags: string[]) {
  const server = await startServer(cleanup, ['--evaluate-every', '0', ...flags]);
  startScriptedWorker(cleanup, server.url);
  await expect.poll(() => server.training.coordinator.version, PATIENCE).toBeGreaterThan(0);
  if (!RUN_ACTIONS[action].possible.includes('running')) server.training.run.pause();
  return server;
}

describe('npm run control', () => {
  it(
    '[RS8] [RS7] [RS4] rolls a run that trains back to a version of the list, and refuses one that is not kept by its number',
    async () => {
      const server = await ready('rollback');
      await server.training.run.save();
      const [kept] = await server.training.keptVersions();
      const { version = 0 } = kept ?? {};
      const before = await server.training.run.snapshot();
      expect(before.version).toBeGreaterThanOrEqual(version);
      const rollback = (to: number) =>
        control(['rollback', '--checkpoint', String(to), '--url', server.adminUrl]);
      expect(await rollback(version)).toMatchObject({ code: 0, lines: [] });
      expect(server.log.join('\n')).toContain(`rolled the run back to version ${version}, as version`);
      const { version: now, updates } = server.training.run.status();
      expect(updates).toBeLessThan(now);
      const { code, lines } = await rollback(999_999);
      expect(code).toBe(1);
      expect(lines.join('\n')).toContain('No state of version 999999 is kept.');
    },
    SLOW_MS,
  );

  it.each(PLAIN_ACTION_NAMES)(
    '[AD21] %s is done, and says how the run then is',
    async (action) => {
      const server = await ready(action);
      const { code, output, lines } = await control([action, '--url', server.adminUrl]);
      expect([code, lines]).toEqual([0, []]);
      const { state } = server.training.run.status();
      expect(output).toMatch(
        new RegExp(`^lenet is ${state} at version [\\d,]+, .*checkpoint.*, 1 device\\n$`),
      );
    },
    SLOW_MS,
  );

  it(
    '[AD24] [CF6] configure changes settings of a run that trains, and its checkpoint has them',
    async () => {
      const server = await ready('configure', '--data-dir', await temporaryFolder(cleanup));
      const { code, lines } = await control([
        'configure',
        '--set',
        'lr=0.02,max-commits=100000',
        '--url',
        server.adminUrl,
      ]);
      expect([code, lines]).toEqual([0, []]);
      expect(server.snapshot()).toMatchObject({
        status: { state: 'running' },
        settings: { lr: 0.02, maxCommits: 100_000, momentum: 0.9 },
      });
      expect(server.snapshot().checkpoint).not.toBeNull();
      expect(server.log.join('\n')).toContain(
        'The admin changed lr to 0.02, maxCommits to 100000, from version',
      );
    },
    SLOW_MS,
  );

  it(
    '[CF7] configure with a wrong value ends with 1 and its name, and changes nothing',
    async () => {
      const server = await ready('configure');
      const before = server.snapshot().settings;
      const { code, lines } = await control([
        'configure',
        '--set',
        'lr=0.02,momentum=2',
        '--url',
        server.adminUrl,
      ]);
      expect([code, lines]).toEqual([
        1,
        ['Could not configure the run: momentum: "2" is not a number from 0 to below 1'],
      ]);
      expect(server.snapshot().settings).toEqual(before);
    },
    SLOW_MS,
  );

  it(
    '[AD21] goes by https with a certificate that the server signed itself',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0', '--https']);
      expect((await control(['pause', '--url', server.adminUrl])).code).toBe(0);
      expect(server.training.run.status().state).toBe('paused');
    },
    SLOW_MS,
  );

  it(
    '[AD23] that the run does not take ends with 1 and the reason',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const { code, lines } = await control(['start', '--url', server.adminUrl]);
      expect([code, lines]).toEqual([
        1,
        [
          `Could not start the run: A run that is running does not take start; it takes ${possibleActions('running').join(', ')}.`,
        ],
      ]);
    },
    SLOW_MS,
  );

  it(
    '[AD23] with another token ends with 2 and a sentence',
    async () => {
      const server = await startServer(cleanup, ['--evaluate-every', '0']);
      const { code, lines } = await control(['pause', '--url', `${server.url}/admin/#token=guess`]);
      expect([code, lines]).toEqual([2, [expect.stringContaining('give the admin URL')]]);
    },
    SLOW_MS,
  );

  it.each([
    [['save', '--url', 'http://127.0.0.1:9/'], 'nothing listens there'],
    [['explode', '--url', 'http://127.0.0.1:9/'], `is not one of ${WORDS.join(', ')}`],
    [['--url', 'http://127.0.0.1:9/'], `an action is needed: ${WORDS.join(', ')}`],
    [['bar', '--url', 'http://127.0.0.1:9/'], 'bar needs the id of a device'],
    [['save', '0123456789ab', '--url', 'http://127.0.0.1:9/'], '--device: belongs to bar and pardon alone'],
    [['configure', '--url', 'http://127.0.0.1:9/'], 'configure needs --set'],
    [['save', '--set', 'lr=1', '--url', 'http://127.0.0.1:9/'], '--set: belongs to configure alone'],
    [['configure', '--set', 'lr', '--url', 'http://127.0.0.1:9/'], 'is not a comma list of name=value'],
    [['save'], 'the address of a server is needed'],
  ])(
    '[AD23] as %j ends with 2 and a sentence',
    async (flags, sentence) => {
      const { code, lines } = await control(flags);
      expect([code, lines]).toEqual([2, [expect.stringContaining(sentence)]]);
    },
    SLOW_MS,
  );
});
