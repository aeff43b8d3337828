import { afterEach, describe, expect, it } from 'vitest';
import { possibleActions, RUN_ACTION_NAMES, RUN_ACTIONS } from '../shared/protocol/runActions.ts';
import { startCommand } from './support/commandProcess.ts';
import { startScriptedWorker } from './support/scriptedWorker.ts';
import { Cleanup, startServer } from './support/testServer.ts';

/* The console's actions from the command line. */

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

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
  it.each(RUN_ACTION_NAMES)(
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
    [['explode', '--url', 'http://127.0.0.1:9/'], `is not one of ${RUN_ACTION_NAMES.join(', ')}`],
    [['--url', 'http://127.0.0.1:9/'], `an action is needed: ${RUN_ACTION_NAMES.join(', ')}`],
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
