import { describe, expect, it } from 'vitest';
import { createGenerator } from '../../../shared/random/generator.ts';
import { UNKNOWN_CONDITIONS } from '../../../shared/profile/profile.ts';
import { asyncPolicy, syncPolicy } from '../testing/policies.ts';
import { pace, planned } from './testing/planned.ts';

describe('placement', () => {
  it('[PL1] is inactive where it is uniform and there are no constraints', async () => {
    const { world, pass, allocation } = planned({ placement: 'uniform' });
    const [device] = world.readyDevices(1, pace(1));
    if (device === undefined) throw new Error('one joined');
    await pass(3000);
    expect(new Set(device.leases.map(({ unit }) => unit.local?.steps))).toEqual(new Set([16]));
    expect(allocation(device)).toMatchObject({ role: 'train', localSteps: 16, dataShards: [] });
    expect(world.placement.report().number).toBe(0);
  });

  it('[PL2] [PL18] [UN10] [PL7] [PL26] measures each device by a small unit, then gives it what fits in the round', async () => {
    const { world, pass, allocation } = planned();
    const fast = world.device(pace(0.5)).join().ready();
    const slow = world.device(pace(5)).join().ready();
    expect([allocation(fast).role, allocation(slow).role]).toEqual(['probe', 'probe']);
    await pass(200);
    expect([fast, slow].map(({ leases }) => leases[0]?.unit.local?.steps)).toEqual([4, 4]);
    await pass(8000);
    expect([allocation(fast).role, allocation(slow).role]).toEqual(['train', 'train']);
    expect(fast.lease.unit.local?.steps).toBe(16);
    expect(slow.lease.unit.local?.steps).toBeLessThanOrEqual(2);
    expect(allocation(slow).why.join()).toMatch(
      /(32|64) samples in about \d+ ms.*what fits in a round of \d+ ms/,
    );
    expect(world.plain().at(-1)).toEqual(world.parameters);
  });

  it('[PL8] [PL27] gives every data shard to one device, and moves few when one leaves', async () => {
    const { world, pass, allocation } = planned();
    const devices = world.readyDevices(3, pace(1));
    await pass(5000);
    const held = devices.map((device) => allocation(device).dataShards);
    expect(held.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    devices[2]?.vanish();
    await pass(1000);
    const lost = devices.slice(0, 2).flatMap((device, index) => {
      const kept = allocation(device).dataShards;
      return (held[index] ?? []).filter((shard) => !kept.includes(shard));
    });
    expect(lost.length).toBeLessThan(2);
    expect(devices.slice(0, 2).flatMap((device) => allocation(device).dataShards)).toHaveLength(7);
  });

  it('[PL12] makes another plan when a device changes its pace, and not for noise', async () => {
    const { world, pass, allocation } = planned();
    const paces = [1, 4];
    const devices = paces.map((each) => world.device(pace(each)).join().ready());
    await pass(10_000);
    const { number } = world.placement.report();
    const noise = createGenerator(8);
    for (let turn = 0; turn < 100; turn++) {
      devices.forEach((device, index) =>
        device.setPace((paces[index] ?? 0) * (0.85 + 0.3 * (noise.below(1000) / 1000))),
      );
      await pass(200);
    }
    expect(world.placement.report().number).toBe(number);
    // Another plan would be better, but by little.
    devices[1]?.setPace(3.4);
    await pass(20_000);
    expect(world.placement.report().number).toBe(number);
    devices[1]?.setPace(1);
    await pass(20_000);
    expect(world.placement.report().number).toBeGreaterThan(number);
    expect(devices.map((device) => allocation(device).localSteps)).toEqual([16, 16]);
  });

  it('[PL4] measures what rounds take beyond the units of devices of which some is always late', async () => {
    const noise = createGenerator(3);
    const roundOverheadOf = async (slowAtTimes: boolean) => {
      const { world, pass } = planned();
      const devices = world.readyDevices(10, pace(0.5));
      for (let turn = 0; turn < 200; turn++) {
        for (const device of devices) device.setPace(slowAtTimes && noise.below(10) === 0 ? 1.2 : 0.5);
        await pass(100);
      }
      return world.placement.report().roundOverheadMs;
    };
    expect(await roundOverheadOf(false)).toBeLessThan(20);
    expect(await roundOverheadOf(true)).toBeGreaterThan(50);
  });

  it('[PL4] counts on more than the mean of a device whose units vary', async () => {
    const roundOverUnit = async (paces: readonly number[]) => {
      const { world, pass, allocation } = planned();
      const [device] = world.readyDevices(1, pace(0.5));
      if (device === undefined) throw new Error('one joined');
      for (let turn = 0; turn < 100; turn++) {
        device.setPace(paces[turn % paces.length] ?? 0.5);
        await pass(300);
      }
      world.placement.direct({ constraints: [{ device: device.id, localSteps: 15 }] });
      await pass(500);
      return world.placement.report().roundMs / (allocation(device).unitMs ?? 0);
    };
    expect(await roundOverUnit([0.5])).toBeLessThan(1.1);
    expect(await roundOverUnit([0.3, 0.7])).toBeGreaterThan(1.2);
  });

  it('[PL21] [PL22] leaves out a device that would hold up the round, says why, and measures it again later', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(3, pace(0.1));
    const [slow] = world.readyDevices(1, pace(40));
    if (slow === undefined) throw new Error('one joined');
    await pass(8000);
    expect(allocation(slow)).toMatchObject({ role: 'reserve', workers: 0 });
    expect(allocation(slow).why.join()).toMatch(/too slow for a round of \d+ ms/);
    const before = slow.leases.length;
    slow.setPace(0.1);
    await pass(40_000);
    expect(slow.leases.length).toBeGreaterThan(before);
    expect(allocation(slow).role).toBe('train');
  });

  it('[PL22] measures a device soon that was at work until it was slow for a while, and later where it stays so', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(3, pace(0.1));
    const [busy] = world.readyDevices(1, pace(0.1));
    if (busy === undefined) throw new Error('one joined');
    const becomes = async (role: string) => {
      for (let waited = 0; waited < 30_000 && allocation(busy).role !== role; waited += 100) await pass(100);
      expect(allocation(busy).role).toBe(role);
    };
    await pass(3000);
    expect(allocation(busy).role).toBe('train');
    busy.setPace(10);
    await becomes('reserve');
    busy.setPace(0.1);
    await pass(8000);
    expect(allocation(busy).role).toBe('train');
    busy.setPace(10);
    await becomes('reserve');
    await becomes('probe');
    await becomes('reserve');
    busy.setPace(0.1);
    await pass(25_000);
    expect(allocation(busy).role).toBe('reserve');
    await pass(8000);
    expect(allocation(busy).role).toBe('train');
  });

  it('[PL18] [PL21] lets a slow device that joins later hold up no round, and counts on what its one late unit took', async () => {
    const { world, pass, allocation } = planned();
    world.readyDevices(3, pace(0.1));
    await pass(5000);
    const slow = world.device(pace(60)).join().ready();
    const before = world.coordinator.version;
    await pass(10_000);
    expect(allocation(slow).role).toBe('reserve');
    expect(slow.leases.map((lease) => slow.outcomes(lease))).toEqual([['EXPIRED', 'EXPIRED']]);
    expect(world.crowd.histories().find(({ device }) => device === slow.id)?.faultsInRow).toBe(0);
    expect(world.coordinator.version).toBeGreaterThan(before + 50);
  });

  it('[PL9] [PL29] [PL28] gives a carried device less, and no work where its battery is low', async () => {
    const { world, pass, allocation } = planned();
    const battery = (level: number) => ({ ...UNKNOWN_CONDITIONS, battery: { level, charging: false } });
    const phone = world
      .device({ ...pace(1, { formFactor: 'phone' }), workers: 3 })
      .join()
      .ready();
    const laptop = world.device(pace(1)).join().ready();
    const empty = world
      .device(pace(1, { conditions: battery(0.1) }))
      .join()
      .ready();
    const metered = world
      .device(pace(1, { conditions: { ...UNKNOWN_CONDITIONS, metered: true } }))
      .join()
      .ready();
    await pass(10_000);
    expect(allocation(phone)).toMatchObject({ role: 'train', workers: 1 });
    expect(phone.lease.unit.local?.steps).toBeLessThanOrEqual(8);
    expect(laptop.lease.unit.local?.steps).toBe(16);
    expect(allocation(empty)).toMatchObject({
      role: 'reserve',
      why: ['its battery is at 10% and not charging'],
    });
    expect(empty.leases).toEqual([]);
    expect(allocation(metered).dataShards).toHaveLength(1);
  });

  it('[PL9] limits a phone as soon as it is unplugged', async () => {
    const { world, pass, allocation } = planned();
    const battery = (charging: boolean) => ({ ...UNKNOWN_CONDITIONS, battery: { level: 0.8, charging } });
    const phone = world.device({
      ...pace(1, { formFactor: 'phone', conditions: battery(true) }),
      workers: 3,
    });
    phone.join().ready();
    world.readyDevices(1, pace(1));
    await pass(10_000);
    expect(allocation(phone).workers).toBe(3);
    phone.tell(battery(false));
    await pass(6000);
    expect(allocation(phone).workers).toBe(1);
    expect(allocation(phone).localSteps).toBeLessThanOrEqual(8);
  });

  it('[PL9] [PO14] a round of fixed size does not wait for the workers of a phone without an allocation', async () => {
    const { world, pass } = planned({ policy: syncPolicy({ roundSize: 3 }) });
    const phone = { ...pace(1, { formFactor: 'phone' }), workers: 3 };
    world.device(phone).join().ready();
    await pass(5000);
    expect(world.coordinator.version).toBeGreaterThan(10);
  });

  it('[PL2] a lone device goes from small units to the default unit, and to each of its data shards', async () => {
    const { world, pass, allocation, shards } = planned();
    const [device] = world.readyDevices(1, pace(1.3));
    if (device === undefined) throw new Error('one joined');
    await pass(60_000);
    expect(allocation(device)).toMatchObject({ role: 'train', localSteps: 16 });
    expect(shards(device)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  it('[PL17] learns how long units take for each engine separately, and forgets none', async () => {
    const { world, pass, allocation } = planned();
    const [device] = world.readyDevices(1, pace(1));
    if (device === undefined) throw new Error('one joined');
    await pass(10_000);
    device.takeUp('webgpu', 0.1);
    await pass(10);
    expect(allocation(device).role).toBe('probe');
    await pass(10_000);
    const expected = allocation(device).unitMs ?? 0;
    expect(expected).toBeLessThan(150);
    const [row] = world.crowd.records();
    const rates = new Map(
      row?.figures.engines.map(({ engine, samplesPerSecond }) => [engine, samplesPerSecond]),
    );
    expect([...rates.keys()]).toEqual(['scripted', 'webgpu']);
    expect([...rates.values()].map(({ source }) => source)).toEqual(['measured', 'measured']);
    const [slow, fast] = [...rates.values()].map(({ value }) => value ?? 0);
    expect(fast).toBeGreaterThan(3 * (slow ?? Infinity));
    expect(row?.figures.samplesPerSecond.value).toBe(fast);
    device.takeUp('scripted', 1);
    await pass(1000);
    expect(allocation(device)).toMatchObject({ role: 'train', localSteps: 16 });
    expect(allocation(device).unitMs).toBeGreaterThan(3 * expected);
  });

  it('[PL19] a slow device has units that it is done with before its lease ends', async () => {
    const { world, pass } = planned();
    const [device] = world.readyDevices(1, pace(30));
    await pass(60_000);
    const [row] = world.crowd.records();
    expect(row).toMatchObject({ lost: 0 });
    expect(device?.lease.unit.local?.steps).toBeLessThanOrEqual(5);
  });

  it('[PL20] in async each device has what fits in the time of the median', async () => {
    const { world, pass, allocation } = planned({ policy: asyncPolicy(), mode: 'async' });
    const fast = world.readyDevices(2, pace(1));
    const slow = world.device(pace(8)).join().ready();
    await pass(60_000);
    expect(fast.map((device) => allocation(device).localSteps)).toEqual([16, 16]);
    expect(allocation(slow).role).toBe('train');
    expect(allocation(slow).localSteps).toBeLessThanOrEqual(2);
  });

  it('[PL8] a device that comes back has the data shards that it had', async () => {
    const { world, pass, allocation } = planned();
    const devices = world.readyDevices(2, pace(1));
    await pass(6000);
    const [device] = devices;
    if (device === undefined) throw new Error('two joined');
    const before = allocation(device).dataShards;
    device.resume().ready();
    await pass(1000);
    // One more or less, as the order of the devices has it.
    const after = allocation(device).dataShards;
    expect(after.length).toBeGreaterThanOrEqual(3);
    expect(before).toEqual(expect.arrayContaining([...after]));
  });
});
