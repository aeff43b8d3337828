import { afterAll, describe, expect, it } from 'vitest';
import { startNodeWorkers } from '../client/node/workers.ts';
import { troublesOf } from '../client/node/troubles.ts';
import { EVENTS } from '../shared/protocol/messages.ts';
import { encodePack } from '../shared/protocol/pack.ts';
import { ask, frameHeaderOf, joinRaw } from './support/rawClient.ts';
import { newestCheckpoint } from './support/newestCheckpoint.ts';
import { Cleanup, startServer, temporaryFolder, type TestServer } from './support/testServer.ts';

/* One update that wrecks the model, among real workers. */

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const PATIENCE = { timeout: 40_000, interval: 20 };
/** Just below the bound on norms. */
const NORM = 9900;

/** A stranger that waits for one lease and pushes an update of the largest norm. */
async function wreck(server: TestServer): Promise<void> {
  const own = new Cleanup();
  const device = await joinRaw(own, server.url);
  const lease = await device.lease();
  const header = frameHeaderOf(lease, device.run, 0);
  const values = new Float32Array(header.length).fill(NORM / Math.sqrt(header.length));
  const answer = await ask(device.host(), EVENTS.push, lease.terms, encodePack([{ header, values }]));
  expect(answer['outcome']).toBe('APPLIED');
  await own.run();
}

describe('a run that one update wrecks', () => {
  it('[GU1] [GU3] is back at its last good state, which is saved, measured and said', async () => {
    const folder = await temporaryFolder(cleanup);
    const server = await startServer(cleanup, [
      ...['--mode', 'sync', '--aggregation', 'mean', '--target', 'none', '--data-dir', folder],
      ...['--checkpoint-seconds', '1'],
    ]);
    const hear = troublesOf('worker', (line) => server.log.push(line));
    const workers = startNodeWorkers({
      server: server.url,
      join: '',
      workers: 1,
      selfSigned: false,
      hear,
    });
    cleanup.add(() => workers.close());
    const { training } = server;
    const accuracy = () => training.run.status().testAccuracy ?? 0;
    await expect.poll(accuracy, PATIENCE).toBeGreaterThan(0.95);
    const before = accuracy();
    await wreck(server);
    const restored = () => /of version (\d+) is back, as version (\d+)\.$/m.exec(server.log.join('\n'));
    await expect.poll(restored, PATIENCE).not.toBeNull();
    const [, of = '', made = ''] = restored() ?? [];
    const after = () => training.run.measurements.find(({ version }) => version >= Number(made));
    await expect.poll(after, PATIENCE).toBeDefined();
    expect(after()?.testAccuracy).toBeGreaterThan(0.99 * before);
    await server.close();
    expect((await newestCheckpoint(folder)).version).toBeGreaterThanOrEqual(Number(made));
    expect(Number(of)).toBeLessThan(Number(made));
  }, 90_000);
});
