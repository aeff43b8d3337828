import { afterEach, describe, expect, it } from 'vitest';
import { troublesOf } from '../client/node/troubles.ts';
import { startNodeWorkers } from '../client/node/workers.ts';
import { API } from '../shared/protocol/admin.ts';
import { placementReport, type PlacementReport } from '../shared/protocol/placement.ts';
import { post, signIn } from './support/adminClient.ts';
import { openBrowser, openPage, openTab, PHONE } from './support/tabs.ts';
import { Cleanup, startServer, type TestServer } from './support/testServer.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PATIENCE = { timeout: 30_000 };
const SLOW_MS = 120_000;
/** Of a small model. */
const runOf = (localSteps: number) => [
  ...['--model', 'ray-convnet', '--mode', 'sync', '--batch', '8', '--local-steps', String(localSteps)],
  ...['--placement', 'ilp', '--evaluate-every', '0'],
];
/** Small units. */
const RUN = runOf(40);
/** Units beside which the time of a lease is short: no round is too short for a device that is not slow. */
const LONG_STEPS = 400;

function startWorker(server: TestServer, labels: Record<string, string> = {}, slowdown = 1) {
  const options = { server: server.url, join: '', workers: 1, selfSigned: false, labels, slowdown };
  const workers = startNodeWorkers({
    ...options,
    hear: troublesOf('worker', (line) => server.log.push(line)),
  });
  cleanup.add(() => workers.close());
  return workers;
}

/** The placement of a server over HTTP. */
async function placementOf(server: TestServer) {
  const { cookie } = await signIn(server);
  const url = `${server.url}${API.placement('current')}`;
  return {
    url,
    get: async (): Promise<PlacementReport> =>
      placementReport.parse(await (await fetch(url, { headers: { cookie } })).json()),
    post: async (body: unknown) => {
      const answer = await post(url, body, { cookie });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
  };
}

const labelled = (server: TestServer, room: string) =>
  server.snapshot().devices.find(({ profile, state }) => profile.labels['room'] === room && state !== 'gone');

describe('placement', () => {
  it(
    '[AD4] [PL11] takes constraints from outside, follows them, and gives the reasons for each allocation',
    async () => {
      const server = await startServer(cleanup, RUN);
      const placement = await placementOf(server);
      startWorker(server, { room: 'hall' });
      const lab = startWorker(server, { room: 'lab' });
      await expect.poll(() => labelled(server, 'lab')?.applied ?? 0, PATIENCE).toBeGreaterThan(3);
      const hard = { constraints: [{ selector: { labels: { room: 'lab' } }, dataShards: [0] }] };
      expect((await placement.post(hard)).status).toBe(200);
      const allocation = async (room: string) => {
        const id = labelled(server, room)?.device;
        return (await placement.get()).devices.find(({ device }) => device === id);
      };
      await expect.poll(async () => (await allocation('lab'))?.dataShards, PATIENCE).toContain(0);
      expect((await allocation('lab'))?.why.join()).toContain('constrained to data shard 0');
      expect((await allocation('hall'))?.dataShards).not.toContain(0);
      await lab.close();
      await expect
        .poll(async () => (await placement.get()).waiting, PATIENCE)
        .toEqual([{ dataShards: [0], why: 'wait for room: lab, which is not here to work' }]);
      expect((await allocation('hall'))?.dataShards).not.toContain(0);
      const admin = await openPage(await openBrowser(cleanup), server.adminUrl);
      const waiting = admin.getByTestId('plan-waiting');
      await expect
        .poll(() => waiting.textContent(), PATIENCE)
        .toBe('Data shard 0 waits for room: lab, which is not here to work.');
      expect((await placement.post({ constraints: [] })).status).toBe(200);
      await expect.poll(async () => (await allocation('hall'))?.dataShards, PATIENCE).toContain(0);
    },
    SLOW_MS,
  );

  it('[AD4] [PL10] [PL30] refuses what cannot hold by a code and a sentence, and changes nothing', async () => {
    const server = await startServer(cleanup, RUN);
    const placement = await placementOf(server);
    expect((await fetch(placement.url)).status).toBe(401);
    expect((await post(placement.url, { constraints: [] })).status).toBe(401);
    startWorker(server, { room: 'lab' });
    await expect.poll(() => labelled(server, 'lab')?.applied ?? 0, PATIENCE).toBeGreaterThan(3);
    await placement.post({ constraints: [{ selector: { labels: { room: 'lab' } }, dataShards: [3] }] });
    const inForce = (await placement.get()).constraints;
    const cases: [unknown, number, string][] = [
      ['{"constraints": [', 400, 'MALFORMED'],
      ['[]', 400, 'MALFORMED'],
      [{ constraints: [{ device: 'x' }] }, 400, 'MALFORMED'],
      [{ constraints: [{ selector: { color: 'red' } }] }, 400, 'UNKNOWN_SELECTOR'],
      [{ constraints: [{ device: 'ffffffffffff' }] }, 404, 'UNKNOWN_DEVICE'],
      [{ constraints: [{ selector: {}, dataShards: [60] }] }, 404, 'UNKNOWN_DATA_SHARD'],
      [{ constraints: [{ selector: { formFactor: 'phone' } }] }, 409, 'NO_MATCH'],
      [{ constraints: [{ selector: {}, role: 'reserve' }] }, 409, 'IMPOSSIBLE'],
    ];
    for (const [body, status, error] of cases) {
      const answer = await placement.post(body);
      expect({ status: answer.status, error: answer.body['error'] }).toEqual({ status, error });
      expect(answer.body['message']).toMatch(/\w/);
    }
    expect((await placement.get()).constraints).toEqual(inForce);
    const { applied = 0 } = labelled(server, 'lab') ?? {};
    await expect.poll(() => labelled(server, 'lab')?.applied ?? 0, PATIENCE).toBeGreaterThan(applied);
  });

  it(
    '[PL9] a phone on its battery and a laptop have different units, and the admin is told why',
    async () => {
      const server = await startServer(cleanup, runOf(LONG_STEPS));
      const browser = await openBrowser(cleanup);
      const onBattery = () => {
        const battery = { level: 0.6, charging: false, addEventListener: () => undefined };
        Object.assign(navigator, { getBattery: () => Promise.resolve(battery) });
      };
      await openTab(browser, server.url, { query: 'engine=wasm&workers=1&label=room:desk' });
      await openTab(browser, server.url, {
        query: 'engine=wasm&workers=2&label=room:pocket',
        viewport: PHONE,
        userAgent:
          'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36',
        prepare: (page) => page.addInitScript(onBattery),
      });
      const allocation = (room: string) => labelled(server, room)?.allocation;
      await expect.poll(() => allocation('pocket')?.role, PATIENCE).toBe('train');
      await expect.poll(() => allocation('desk')?.localSteps, PATIENCE).toBeGreaterThan(LONG_STEPS / 2);
      await expect
        .poll(() => labelled(server, 'pocket')?.profile, PATIENCE)
        .toMatchObject({
          formFactor: 'phone',
          workers: 2,
          conditions: { battery: { level: 0.6, charging: false }, visibility: 'visible' },
        });
      expect(labelled(server, 'desk')?.profile.formFactor).toBe('desktop');
      // On a busy machine it may be in reserve at times.
      await expect.poll(() => allocation('pocket'), PATIENCE).toMatchObject({ role: 'train', workers: 1 });
      await expect.poll(() => allocation('pocket')?.localSteps, PATIENCE).toBeLessThanOrEqual(LONG_STEPS / 2);
      const admin = await openPage(browser, server.adminUrl);
      const row = (room: string) => admin.getByTestId('device-row').filter({ hasText: `room: ${room}` });
      const unit = (room: string) => row(room).locator('[data-key=allocation]');
      await expect
        .poll(() => unit('pocket').textContent(), PATIENCE)
        .toContain('a phone that is not known to be charging: one worker, half the unit');
      await expect.poll(() => unit('pocket').textContent(), PATIENCE).toMatch(/^\d+ × 8 images/);
      expect(await unit('desk').textContent()).not.toContain('phone');
      expect(await row('pocket').textContent()).toContain('60% battery');
    },
    SLOW_MS,
  );
});
