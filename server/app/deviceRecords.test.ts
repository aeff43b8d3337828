import { expect, it } from 'vitest';
import { TEST_PROFILE } from '../../shared/profile/testing/profile.ts';
import { Crowd } from '../core/crowd/crowd.ts';
import { firstTrust } from '../core/crowd/trust.ts';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { MemoryRows } from '../store/memoryRows.ts';
import { Store } from '../store/store.ts';
import { DeviceRecords, KEEP_EVERY_MS } from './deviceRecords.ts';

const KEY = new Uint8Array(32);
const PORT = { lease: () => undefined, replaced: () => undefined, barred: () => undefined };

let minted = 0;
const crowdOf = (key = KEY) =>
  new Crowd({ key, maxDevices: 8 }, () => (++minted).toString(16).padStart(12, '0'));

/** A server's records, its crowd, and one device that joined. */
async function serving(rows = new MemoryRows()) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const store = await Store.open(rows, 'memory');
  const calendar = { today: () => new Date(clock.now()) };
  const records = new DeviceRecords({ store, clock, calendar, log: (line) => lines.push(line) });
  const crowd = crowdOf();
  records.follow(crowd);
  const joined = crowd.join(TEST_PROFILE, undefined, PORT);
  if (typeof joined === 'string') throw new Error(joined);
  const work = (samples: number) => {
    const device = crowd.get(joined.session.device);
    if (device === undefined) throw new Error('gone');
    device.history.samples += samples;
    device.history.applied++;
  };
  const resume = { device: joined.session.device, token: joined.token };
  return { rows, clock, lines, store, records, crowd, work, resume };
}

it('[AU9] [AU10] a device comes back after a restart under its id, with what it did', async () => {
  const { rows, records, crowd, work, resume } = await serving();
  work(480);
  await records.close(crowd);
  const next = await serving(rows);
  expect(next.crowd.recognise(resume)).toBe(resume.device);
  const kept = await next.records.recall(resume.device);
  next.crowd.join(TEST_PROFILE, resume, PORT, { kept, vouched: false });
  expect(next.crowd.records()).toContainEqual(
    expect.objectContaining({ device: resume.device, applied: 1, samples: 480, lost: 0 }),
  );
  expect(crowdOf(new Uint8Array(32).fill(1)).recognise(resume)).toBeNull();
});

it('[AU10] a kill loses the counts of the last seconds alone, and the day a device was first seen stays', async () => {
  const { clock, store, work, resume } = await serving();
  work(480);
  clock.advance(KEEP_EVERY_MS);
  const firstSeen = new Date(clock.now()).toISOString();
  await expect.poll(() => store.devices.get(resume.device)).toMatchObject({ samples: 480, firstSeen });
  work(20);
  clock.advance(KEEP_EVERY_MS - 1);
  expect(await store.devices.get(resume.device)).toMatchObject({ samples: 480 });
  clock.advance(1);
  await expect.poll(() => store.devices.get(resume.device)).toMatchObject({ samples: 500, firstSeen });
});

it('[AU11] a device without work has no row', async () => {
  const { store, records, crowd } = await serving();
  await records.close(crowd);
  expect(await store.devices.list()).toEqual([]);
});

it('[AU10] a row that cannot be read is logged, and not written over', async () => {
  const { rows, store, records, crowd, work, resume, lines } = await serving();
  work(480);
  await records.keep(crowd);
  const [row] = await rows.range({ from: 'device/', below: 'device0', limit: 1, order: 'ascending' });
  if (row === undefined) throw new Error('no row');
  const damaged = { key: row.key, value: row.value.replace('480', '481') };
  await rows.write([damaged]);
  expect(await records.recall(resume.device)).toBeNull();
  work(20);
  await records.close(crowd);
  expect(lines).toEqual([expect.stringContaining(`device ${resume.device} cannot be read`)]);
  await expect(store.devices.get(resume.device)).rejects.toThrow('damaged');
});

it('[TS1] how far a device is trusted is kept over a restart, with the evidence, also where it never worked', async () => {
  const { rows, records, crowd, resume } = await serving();
  crowd.audited(resume.device, 'wrong', 'it is 1.4 times its own length off');
  const trust = crowd.get(resume.device)?.history.trust;
  await records.close(crowd);
  const next = await serving(rows);
  const kept = await next.records.recall(resume.device);
  expect(kept?.trust).toEqual(trust);
  next.crowd.join(TEST_PROFILE, resume, PORT, { kept, vouched: true });
  expect(next.crowd.get(resume.device)?.trust).toBe('suspected');
});

it('[TS1] another state of trust is kept at once: a kill undoes no bar', async () => {
  const { rows, crowd, resume } = await serving();
  crowd.bar(resume.device, 'two audits found its work wrong');
  await new Promise(setImmediate);
  expect((await (await serving(rows)).records.recall(resume.device))?.trust.state).toBe('barred');
});

it('[TS1] [TS11] a row of an earlier release is of a new device; faults in a row are kept', async () => {
  const { rows, store, records, crowd, work, resume } = await serving();
  work(480);
  const device = crowd.get(resume.device);
  if (device === undefined) throw new Error('gone');
  device.history.faultsInRow = 3;
  await records.close(crowd);
  expect(await (await serving(rows)).records.recall(resume.device)).toMatchObject({ faultsInRow: 3 });
  const [row] = await store.devices.list();
  if (row === undefined) throw new Error('no row');
  await store.devices.put({ ...row, trust: null });
  const kept = await (await serving(rows)).records.recall(resume.device);
  expect(kept?.trust).toEqual(firstTrust(false));
});
