import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { NoBrowserError } from '../swarm/chromium.ts';
import { TabsError } from '../swarm/launch.ts';
import { DatasetError } from '../dataset/errors.ts';
import { ConfigError } from '../config/config.ts';
import { failureOf } from './failure.ts';
import { HelpRequest } from '../config/help.ts';

it.each<[Error, number]>([
  [new ConfigError('--lr: "x" is not a number'), 2],
  [new NoBrowserError('No Chromium'), 2],
  [new DatasetError('train-images:\n  short'), 2],
  [new TabsError('nothing listens there'), 1],
])('%s is one line on stderr', (error, exitCode) => {
  const failure = failureOf(error);
  expect(failure).toMatchObject({ to: 'messages', exitCode });
  expect(failure.text).toBe(`tabswarm: ${error.message.replace(/\n */, ' ')}`);
});

it('help is no failure', () => {
  expect(failureOf(new HelpRequest('Usage'))).toEqual({ text: 'Usage', to: 'results', exitCode: 0 });
});

it('a port in use is named, with the flag that mends it', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await once(first, 'listening');
  const { port } = first.address() as { port: number };
  const second = createServer().listen(port, '127.0.0.1');
  const [error] = (await once(second, 'error').catch((thrown: unknown) => [thrown])) as [unknown];
  first.close();
  const { text, exitCode } = failureOf(error);
  expect(text).toMatch(new RegExp(`^tabswarm: 127.0.0.1:${port} is in use .*--port$`));
  expect(exitCode).toBe(2);
});

it('what nobody expected comes with its stack', () => {
  const failure = failureOf(new Error('broken invariant'));
  expect(failure.exitCode).toBe(1);
  expect(failure.text).toContain('failure.test.ts');
  expect(failureOf('thrown text')).toMatchObject({ text: 'tabswarm: thrown text', exitCode: 1 });
});
