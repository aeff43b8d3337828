import { describe, expect, it } from 'vitest';
import { UNKNOWN_CONDITIONS, type Conditions } from '../../../shared/profile/profile.ts';
import { asyncPolicy } from '../testing/policies.ts';
import { pace, planned } from './testing/planned.ts';
import type { Solution } from './program.ts';

const battery = (level: number, charging: boolean): Conditions => ({
  ...UNKNOWN_CONDITIONS,
  battery: { level, charging },
});

describe('a change of one device among many', () => {
  it('[PL12] is followed at once, however little the plan gains', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(14, pace(1));
    const one = world
      .device({ ...pace(1, { formFactor: 'phone' }), workers: 4 })
      .join()
      .ready(2);
    const tells = async (conditions: Conditions) => {
      one.tell(conditions);
      await pass(5000);
      return { workers: allocation(one).workers, localSteps: allocation(one).localSteps };
    };
    await pass(15_000);
    expect(await tells(battery(0.8, true))).toEqual({ workers: 4, localSteps: 16 });
    expect(await tells(battery(0.8, false))).toEqual({ workers: 1, localSteps: 8 });
    expect(await tells(battery(0.8, true))).toEqual({ workers: 4, localSteps: 16 });
    one.ready(3);
    await pass(5000);
    expect(allocation(one).workers).toBe(3);
  });

  it('[PL10] [PL12] a constraint on one device is followed, and so is its removal', async () => {
    const { world, pass, allocation } = planned();
    const [one] = world.readyDevices(15, { ...pace(1), workers: 4 });
    if (one === undefined) throw new Error('fifteen joined');
    await pass(15_000);
    for (const workers of [1, 3]) {
      world.placement.direct({ constraints: [{ device: one.id, workers }] });
      await pass(5000);
      expect(allocation(one).workers).toBe(workers);
    }
    world.placement.direct({ constraints: [{ device: one.id, localSteps: 3 }] });
    await pass(5000);
    expect(allocation(one)).toMatchObject({ workers: 4, localSteps: 3 });
    world.placement.direct({ constraints: [] });
    await pass(5000);
    expect(allocation(one)).toMatchObject({ workers: 4, localSteps: 16 });
  });

  it('[PL12] a slow device that a constraint made train is in reserve again without it', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(14, pace(1));
    const slow = world.device(pace(40)).join().ready();
    await pass(10_000);
    world.placement.direct({ constraints: [{ device: slow.id, dataShards: [0] }] });
    await pass(10_000);
    expect(allocation(slow).role).toBe('train');
    expect(allocation(slow).dataShards).toContain(0);
    world.placement.direct({ constraints: [] });
    await pass(5000);
    expect(allocation(slow).role).toBe('reserve');
  });

  it('[PL8] [PL11] [PL32] a device that is set aside holds no data shard, and hard affinity says that it waits', async () => {
    for (const affinity of ['hard', 'soft'] as const) {
      const { world, pass, allocation, shards } = planned();
      const good = world.device(pace(1)).join().ready();
      const bad = world.device({ unitMs: null }).join().ready();
      await pass(100);
      world.placement.direct({ constraints: [{ device: bad.id, affinity, dataShards: [0] }] });
      for (let fault = 0; fault < 5; fault++) {
        bad.ready();
        await pass(1000);
        bad.release();
      }
      const since = good.leases.length;
      await pass(20_000);
      expect(allocation(bad)).toMatchObject({ role: 'reserve', dataShards: [] });
      expect(allocation(bad).why.join()).toContain('set aside');
      expect(world.placement.report().waiting).toHaveLength(affinity === 'hard' ? 1 : 0);
      expect(shards(good, since).size).toBe(affinity === 'hard' ? 6 : 7);
    }
  });

  it('[PL11] a device to which no data shard is open says so, and goes on at once when one is', async () => {
    const { world, pass, allocation } = planned();
    const [one, other] = world.readyDevices(2, pace(1));
    if (one === undefined || other === undefined) throw new Error('two joined');
    await pass(5000);
    const all = [0, 1, 2, 3, 4, 5, 6];
    world.placement.direct({ constraints: [{ device: one.id, dataShards: all }] });
    await pass(60_000);
    expect(allocation(other)).toMatchObject({
      role: 'reserve',
      dataShards: [],
      why: ['every data shard is kept for other devices'],
    });
    world.placement.direct({ constraints: [] });
    await pass(500);
    expect(allocation(other)).toMatchObject({ role: 'train', localSteps: 16 });
  });

  it('[PL10] constraints that come while a plan is made take no work from the devices that have it', async () => {
    let answer: (solution: Solution) => void = () => undefined;
    const solve = () => new Promise<Solution>((resolve) => (answer = resolve));
    const { world, pass, allocation } = planned({ solve, link: 1000 });
    const devices = world.readyDevices(3, pace(1));
    const [first] = devices;
    if (first === undefined) throw new Error('three joined');
    const none: Solution = { chosen: null, status: 'no answer' };
    for (let turn = 0; turn < 80; turn++) {
      answer(none);
      await pass(100);
    }
    expect(devices.map((device) => allocation(device).role)).toEqual(['train', 'train', 'train']);
    for (const localSteps of [7, 8]) {
      world.placement.direct({ constraints: [{ device: first.id, localSteps, dataShards: [1] }] });
      await pass(10);
    }
    for (let turn = 0; turn < 3; turn++) {
      answer(none);
      await pass(10);
      expect(allocation(devices[1] ?? first).role).toBe('train');
      expect(allocation(first).role).not.toBe('reserve');
      expect(allocation(first).dataShards).toContain(1);
    }
    for (let turn = 0; turn < 20; turn++) {
      answer(none);
      await pass(100);
    }
    expect(allocation(first).role).toBe('train');
  });
});

describe('a plan that is renewed', () => {
  it('[PL21] leaves out a slow device that joins settled ones, which go on as before', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(14, pace(1));
    await pass(30_000);
    const slow = world.device(pace(40)).join().ready();
    await pass(20_000);
    expect(allocation(slow)).toMatchObject({ role: 'reserve', workers: 0 });
    expect(allocation(slow).why.join()).toContain('too slow');
  });

  it('[PL22] a device that changed its engine just after a plan is still measured again from reserve', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(14, pace(0.1));
    const one = world.device(pace(0.1)).join().ready();
    await pass(20_000);
    // A plan is started: the next one comes 250 ms later.
    world.device(pace(0.1)).join().ready();
    one.takeUp('webgpu', 0.1);
    await pass(5200);
    for (const msPerSample of [0.2, 0.4, 0.7, 1, 1.5, 2, 3, 5]) {
      one.setPace(msPerSample);
      await pass(6000);
    }
    expect(allocation(one).role).toBe('reserve');
    one.setPace(0.1);
    await pass(60_000);
    expect(allocation(one).role).toBe('train');
  });

  it('[PL11] takes pins into account that came while one was being made', async () => {
    const none: Solution = { chosen: null, status: 'no answer' };
    let held: ((solution: Solution) => void)[] | null = null;
    const solve = () =>
      held === null
        ? Promise.resolve(none)
        : new Promise<Solution>((resolve) => {
            held?.push(resolve);
          });
    const { world, pass, allocation } = planned({ solve, link: 1000 });
    world.readyDevices(14, pace(1));
    const slow = world.device(pace(40)).join().ready();
    await pass(10_000);
    expect(allocation(slow).role).toBe('reserve');
    held = [];
    world.device(pace(1)).join();
    await pass(500);
    const waiting: ((solution: Solution) => void)[] = held;
    expect(waiting).toHaveLength(1);
    world.placement.direct({ constraints: [{ device: slow.id, dataShards: [0] }] });
    held = null;
    for (const answer of waiting) answer(none);
    await pass(15_000);
    expect(allocation(slow).role).toBe('train');
    expect(slow.leases.length).toBeGreaterThan(3);
  });

  it('[PL4] calls no device too slow that was in no plan yet', async () => {
    const { world, pass, allocation } = planned({ prefers: { labels: { room: 'lab' } } });
    const others = world.readyDevices(2, pace(1));
    await pass(5000);
    const labs = world.readyDevices(2, pace(1, { labels: { room: 'lab' } }));
    await pass(10_000);
    for (const lab of labs) lab.vanish();
    for (const other of others) expect(allocation(other).why.join()).not.toContain('too slow');
    await pass(1000);
    expect(others.map((other) => allocation(other).role)).toEqual(['train', 'train']);
  });

  it('[PL9] keeps to the limits of a phone from the moment in which it is unplugged', async () => {
    const { world, pass } = planned();
    world.readyDevices(3, pace(0.2));
    const phone = pace(0.2, { formFactor: 'phone', conditions: battery(0.8, true) });
    const one = world
      .device({ ...phone, workers: 4 })
      .join()
      .ready();
    await pass(15_000);
    // A plan is started: the next one comes 250 ms later.
    world.device(pace(0.2)).join();
    await pass(0);
    const newest = Math.max(...world.leases.keys());
    one.tell(battery(0.8, false));
    await pass(200);
    const since = [...world.leases.values()].filter(
      ({ terms }) => terms.device === one.id && terms.lease > newest,
    );
    for (const { terms } of since) expect(terms.samples).toBeLessThanOrEqual(256);
  });

  it('[PL8] comes to a device that joins many others a moment later, and says that it has just come', async () => {
    const { world, pass, allocation } = planned({ maxDevices: 200, policy: asyncPolicy(), mode: 'async' });
    world.readyDevices(150, { unitMs: null });
    await pass(1000);
    const one = world.device(pace(1)).join();
    const other = world.device(pace(1)).join().ready();
    expect(allocation(one).why).toEqual(['it has no engine yet']);
    expect(allocation(other).why).toEqual(['it has just come']);
    await pass(100);
    expect(allocation(other).role).toBe('probe');
    expect(other.leases).toHaveLength(1);
  });

  it('[PL4] gives a slow device no more than it does in a round in the meantime', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(4, pace(1));
    const slow = world.device(pace(8)).join().ready();
    await pass(15_000);
    expect(allocation(slow)).toMatchObject({ role: 'train', localSteps: 2 });
    // A plan is started: the next one comes 250 ms later.
    world.device(pace(1)).join();
    slow.tell({ ...UNKNOWN_CONDITIONS, metered: true });
    await pass(0);
    expect(allocation(slow)).toMatchObject({ role: 'probe', localSteps: 2 });
  });
});

describe('where placement is uniform', () => {
  it('[PL9] device limits are kept all the same', async () => {
    const { world, pass, allocation } = planned({ placement: 'uniform' });
    const laptop = world
      .device({ ...pace(1), workers: 2 })
      .join()
      .ready();
    await pass(1000);
    expect(allocation(laptop).why).toEqual(['the same unit for all, on one data shard after another']);
    const empty = world
      .device({ ...pace(1, { conditions: battery(0.05, false) }), workers: 3 })
      .join()
      .ready();
    const phone = world
      .device({ ...pace(1, { formFactor: 'phone' }), workers: 3 })
      .join()
      .ready();
    await pass(10_000);
    expect(empty.leases).toEqual([]);
    expect(allocation(phone)).toMatchObject({ role: 'train', workers: 1, localSteps: 8 });
    expect(allocation(laptop)).toMatchObject({ role: 'train', workers: 2, localSteps: 16 });
    phone.vanish();
    empty.tell(battery(0.05, true));
    await pass(1000);
    expect(empty.leases.length).toBeGreaterThan(0);
    expect(allocation(laptop).why).toEqual(['the same unit for all, on one data shard after another']);
  });

  it('[AD4] [PL1] no plan is reported any more when constraints are removed', async () => {
    const { world, pass, shards } = planned({ placement: 'uniform' });
    const [one, other, third] = world.readyDevices(3, pace(1));
    await pass(3000);
    world.placement.direct({ constraints: [{ device: one?.id, dataShards: [0] }] });
    await pass(100);
    third?.vanish();
    world.placement.direct({ constraints: [] });
    const since = other?.leases.length;
    await pass(30_000);
    world.placement.direct({ constraints: [{ device: one?.id, dataShards: [0] }] });
    world.placement.direct({ constraints: [] });
    await pass(1000);
    const { devices, waiting, number, values } = world.placement.report();
    expect(devices.map(({ dataShards }) => dataShards)).toEqual([[], []]);
    expect([waiting, values]).toEqual([[], {}]);
    if (other === undefined) throw new Error('three joined');
    expect(shards(other, since)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
    await pass(30_000);
    expect(world.placement.report().number).toBe(number);
  });

  it('[PL10] constraints that come and go and come again while a plan is made are followed', async () => {
    const { world, pass, allocation } = planned({ placement: 'uniform' });
    const [one, other] = world.readyDevices(2, pace(1));
    if (one === undefined || other === undefined) throw new Error('two joined');
    await pass(5000);
    const pin = { constraints: [{ device: one.id, dataShards: [0] }] };
    world.placement.direct(pin);
    world.placement.direct({ constraints: [] });
    world.placement.direct(pin);
    await pass(10_000);
    expect([allocation(one).role, allocation(other).role]).toEqual(['train', 'train']);
  });
});
