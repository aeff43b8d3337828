import { expect, it } from 'vitest';
import { TEST_PROFILE } from '../../shared/profile/testing/profile.ts';
import { Crowd, type TrustChange } from '../core/crowd/crowd.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { MemoryRows } from '../store/memoryRows.ts';
import { Store } from '../store/store.ts';
import { actOnDevice } from './deviceActions.ts';
import { DeviceRecords } from './deviceRecords.ts';

const DEVICE = '0123456789ab';
const PORT = { lease: () => undefined, replaced: () => undefined, barred: () => undefined };

/** A server's crowd and records, whose next device has that id. */
async function serving(rows = new MemoryRows()) {
  const clock = new VirtualClock();
  const store = await Store.open(rows, 'memory');
  const calendar = { today: () => new Date(clock.now()) };
  const records = new DeviceRecords({ store, clock, calendar, log: (line) => expect.fail(line) });
  const crowd = new Crowd({ key: new Uint8Array(32), maxDevices: 8 }, () => DEVICE);
  const kept = async () => (await store.devices.get(DEVICE))?.trust?.state;
  const changes: TrustChange[] = [];
  const judged = (change: TrustChange) => void changes.push(change);
  return { rows, store, crowd, records, judged, changes, kept };
}

it('[AD29] bars and pardons a device that is here, and keeps that', async () => {
  const { crowd, records, judged, kept } = await serving();
  crowd.join(TEST_PROFILE, undefined, PORT);
  await actOnDevice({ crowd, records, judged }, DEVICE, 'bar');
  expect(crowd.get(DEVICE)?.history.trust).toMatchObject({
    state: 'barred',
    cause: { by: 'admin', why: 'an operator barred it' },
  });
  expect(await kept()).toBe('barred');
  await actOnDevice({ crowd, records, judged }, DEVICE, 'pardon');
  expect([crowd.get(DEVICE)?.trust, await kept()]).toEqual(['new', 'new']);
});

it('[AD29] [TS9] [TS10] does the same where the store alone knows it, and tells', async () => {
  const first = await serving();
  first.crowd.join(TEST_PROFILE, undefined, PORT);
  await actOnDevice(first, DEVICE, 'bar');
  const { crowd, records, judged, changes, kept } = await serving(first.rows);
  await actOnDevice({ crowd, records, judged }, DEVICE, 'pardon');
  expect(await kept()).toBe('new');
  await actOnDevice({ crowd, records, judged }, DEVICE, 'bar');
  expect(await kept()).toBe('barred');
  expect(changes.map(({ device, from, to }) => [device, from.state, to.state])).toEqual([
    [DEVICE, 'barred', 'new'],
    [DEVICE, 'new', 'barred'],
  ]);
});

it('[AD13] refuses what is not for a device as it is, and one that nobody knows', async () => {
  const { crowd, records, judged } = await serving();
  await expect(actOnDevice({ crowd, records, judged }, DEVICE, 'bar')).rejects.toMatchObject({
    code: 'UNKNOWN_DEVICE',
    message: `Nothing is known of a device ${DEVICE}.`,
  });
  crowd.join(TEST_PROFILE, undefined, PORT);
  await expect(actOnDevice({ crowd, records, judged }, DEVICE, 'pardon')).rejects.toMatchObject({
    code: 'WRONG_STATE',
    message: `Device ${DEVICE} is new; pardon is for devices that are suspected or barred.`,
  });
});
