import { afterEach, expect, test, vi } from 'vitest';
import { machineClock } from '../server/app/machineTime.ts';
import { DataFolder } from '../server/store/dataFolder.ts';
import { API } from '../shared/protocol/admin.ts';
import { describeEvent, eventPage, readEvent, type RunEvent } from '../shared/protocol/events.ts';
import { post, signIn } from './support/adminClient.ts';
import { joinRaw } from './support/rawClient.ts';
import { openBrowser, openPage, PHONE } from './support/tabs.ts';
import { Cleanup, startServer, temporaryFolder, type TestServer } from './support/testServer.ts';

const cleanup = new Cleanup();
const PATIENCE = { timeout: 15_000 };
afterEach(() => cleanup.run());

/** What the API lists, in the order of the places. */
async function eventsOf(server: TestServer, cookie: string, query = ''): Promise<RunEvent[]> {
  const answer = await fetch(`${server.url}${API.events('current')}${query}`, { headers: { cookie } });
  expect(answer.status).toBe(200);
  return eventPage.parse(await answer.json()).events.flatMap(({ event }) => readEvent(event) ?? []);
}

const unspecific = ({ type, actor }: RunEvent) => [type, actor];

test('[LG1] [LG2] [LG4] what happened to a run, when and by whom, is there after a restart', async () => {
  const dataDir = await temporaryFolder(cleanup);
  const first = await startServer(cleanup, ['--data-dir', dataDir]);
  const { cookie } = await signIn(first);
  const device = await joinRaw(cleanup, first.url);
  const id = device.welcome.device;
  device.coordinator.disconnect();
  await vi.waitFor(async () =>
    expect((await eventsOf(first, cookie)).map(({ type }) => type)).toContain('gone'),
  );
  await post(`${first.url}${API.action('current', 'pause')}`, {}, { cookie });
  const events = await eventsOf(first, cookie, '?types=served,joined,gone,state,act');
  expect(events.map(unspecific)).toEqual([
    ['served', 'server'],
    ['state', 'server'],
    ['joined', id],
    ['gone', id],
    ['state', 'server'],
    ['act', 'admin'],
  ]);
  expect(events.map(describeEvent).slice(-2)).toEqual(['The run is paused at version 0.', 'pause']);
  expect(events.every(({ time }) => Math.abs(Date.parse(time) - Date.now()) < 60_000)).toBe(true);
  await first.close();

  const store = await DataFolder.open(dataDir, machineClock, () => undefined);
  cleanup.add(() => store.close());
  const kept = await store.store.events.list(first.training.id);
  expect(kept.map(({ entry }) => entry.type)).toEqual(expect.arrayContaining(['act', 'gone', 'closed']));
});

test('[LG6] the console lists events, of one group where that is chosen', async () => {
  const server = await startServer(cleanup, ['--evaluate-every', '0']);
  const page = await openPage(await openBrowser(cleanup), server.adminUrl, { viewport: PHONE });
  await page.getByRole('button', { name: 'Pause' }).click();
  const types = () =>
    page.getByTestId('event').evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['type']));
  await expect.poll(types, PATIENCE).toEqual(['act', 'state', 'state', 'served']);
  await page.getByTestId('event-group').selectOption('operator');
  await expect.poll(types, PATIENCE).toEqual(['act']);
  expect(await page.getByTestId('event').textContent()).toMatch(/Admin.*pause/);
  await page.getByRole('button', { name: 'Start' }).click();
  await expect.poll(types, PATIENCE).toEqual(['act', 'act']);
});
