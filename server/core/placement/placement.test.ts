import { describe, expect, it } from 'vitest';
import { UNKNOWN_CONDITIONS, type CapabilityProfile } from '../../../shared/profile/profile.ts';
import type { ScriptedDevice } from '../testing/scriptedDevice.ts';
import { asyncPolicy, syncPolicy, World, type WorldOptions } from '../testing/world.ts';
import { DirectiveError } from './directives.ts';

const LOCAL = { steps: 16, lr: 0.1, momentum: 0, decay: null };
/** Lets promises run: a plan is made by one even where nothing is to be solved. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function planned(options: WorldOptions = {}) {
  const world = new World({ policy: syncPolicy(), local: LOCAL, placement: 'ilp', ...options });
  world.coordinator.start();
  /** Time passes in pieces short enough for plans to be made meanwhile. */
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      world.pass(100);
      await settled();
    }
  };
  const share = ({ id }: ScriptedDevice) => {
    const found = world.placement.report().devices.find(({ device }) => device === id);
    if (found === undefined) throw new Error('has no share');
    return found;
  };
  const shards = (device: ScriptedDevice, since = 0) =>
    new Set(device.leases.slice(since).map(({ unit }) => unit.dataShard.index));
  return { world, pass, share, shards };
}

/** Milliseconds a sample, so that a unit takes as long as its size asks for. */
const pace = (msPerSample: number, profile: Partial<CapabilityProfile> = {}) => ({ msPerSample, profile });

/** A device without labels, and one of the lab. */
function hallAndLab(world: World) {
  const join = (labels: Record<string, string>) => world.device(pace(1, { labels })).join().ready();
  return [join({}), join({ room: 'lab' })] as const;
}

function refusal(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof DirectiveError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('placement', () => {
  it('[PL1] has no say where it is uniform and nobody gave instructions', async () => {
    const { world, pass, share } = planned({ placement: 'uniform' });
    const [device] = world.readyDevices(1, pace(1));
    if (device === undefined) throw new Error('one joined');
    await pass(3000);
    expect(new Set(device.leases.map(({ unit }) => unit.local?.steps))).toEqual(new Set([16]));
    expect(share(device)).toMatchObject({ role: 'train', localSteps: 16, dataShards: [] });
    expect(world.placement.report().number).toBe(0);
  });

  it('[PL2] [PL7] measures everyone by a small unit, then gives each what fits in the round', async () => {
    const { world, pass, share } = planned();
    const [fast, slow] = [world.device(pace(0.5)).join().ready(), world.device(pace(5)).join().ready()];
    expect([share(fast).role, share(slow).role]).toEqual(['probe', 'probe']);
    await pass(200);
    expect([fast, slow].map(({ leases }) => leases[0]?.unit.local?.steps)).toEqual([4, 4]);
    await pass(8000);
    expect([share(fast).role, share(slow).role]).toEqual(['train', 'train']);
    expect([fast, slow].map(({ lease }) => lease.unit.local?.steps)).toEqual([16, 1]);
    expect(share(slow).why.join()).toMatch(/32 samples in about \d+ ms.*what fits in a round of \d+ ms/);
    expect(world.plain().at(-1)).toEqual(world.parameters);
  });

  it('[PL8] gives every data shard to somebody and each to one, and moves few when one leaves', async () => {
    const { world, pass, share } = planned();
    const devices = world.readyDevices(3, pace(1));
    await pass(5000);
    const held = devices.map((device) => share(device).dataShards);
    expect(held.flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    devices[2]?.vanish();
    await pass(1000);
    const lost = devices.slice(0, 2).flatMap((device, index) => {
      const kept = share(device).dataShards;
      return (held[index] ?? []).filter((shard) => !kept.includes(shard));
    });
    expect(lost.length).toBeLessThan(2);
    expect(devices.slice(0, 2).flatMap((device) => share(device).dataShards)).toHaveLength(7);
  });

  it('[PL12] makes another plan when a device changes its pace, and not for noise', async () => {
    const { world, pass, share } = planned();
    const devices = world.readyDevices(2, pace(1));
    await pass(10_000);
    const { number } = world.placement.report();
    await pass(20_000);
    expect(world.placement.report().number).toBe(number);
    devices[1]?.setPace(8);
    await pass(30_000);
    expect(world.placement.report().number).toBeGreaterThan(number);
    const [first, second] = devices.map((device) => share(device).localSteps ?? 0);
    expect(second).toBeLessThan((first ?? 0) / 4);
  });

  it('[PL4] leaves out who would hold up everyone, says why, and measures it anew later', async () => {
    const { world, pass, share } = planned();
    world.readyDevices(3, pace(0.1));
    const [slow] = world.readyDevices(1, pace(40));
    if (slow === undefined) throw new Error('one joined');
    await pass(8000);
    expect(share(slow)).toMatchObject({ role: 'reserve', workers: 0 });
    expect(share(slow).why.join()).toMatch(/too slow for a round of \d+ ms/);
    const before = slow.leases.length;
    slow.setPace(0.1);
    await pass(40_000);
    expect(slow.leases.length).toBeGreaterThan(before);
    expect(share(slow).role).toBe('train');
  });

  it('[PL9] keeps to what a carried device can give, and to nothing where its battery is low', async () => {
    const { world, pass, share } = planned();
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
    expect(share(phone)).toMatchObject({ role: 'train', workers: 1 });
    expect(phone.lease.unit.local?.steps).toBeLessThanOrEqual(8);
    expect(laptop.lease.unit.local?.steps).toBe(16);
    expect(share(empty)).toMatchObject({ role: 'reserve', why: ['its battery is at 10% and not charging'] });
    expect(empty.leases).toEqual([]);
    expect(share(metered).dataShards).toHaveLength(1);
  });

  it('[PL11] trains on a pinned data shard on its device and nowhere else; hard affinity waits', async () => {
    const { world, pass, share, shards } = planned();
    const [other, lab] = hallAndLab(world);
    await pass(4000);
    const since = [other.leases.length, lab.leases.length];
    world.placement.direct({ assignments: [{ selector: { labels: { room: 'lab' } }, dataShards: [0] }] });
    await pass(30_000);
    expect(shards(lab, since[1]).has(0)).toBe(true);
    expect(shards(other, since[0]).has(0)).toBe(false);
    expect(share(lab).why.join()).toContain('told to train on data shard 0');
    lab.vanish();
    const left = other.leases.length;
    await pass(30_000);
    expect(shards(other, left)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(world.placement.report().waiting).toEqual([
      { dataShards: [0], why: 'wait for room: lab, which is not here to work' },
    ]);
    lab.join().ready();
    await pass(10_000);
    expect(world.placement.report().waiting).toEqual([]);
    expect(share(lab).dataShards).toContain(0);
  });

  it('[PL11] soft affinity moves a data shard while its device is away', async () => {
    const { world, pass, shards } = planned();
    const [other, lab] = hallAndLab(world);
    await pass(1000);
    world.placement.direct({
      assignments: [{ selector: { labels: { room: 'lab' } }, affinity: 'soft', dataShards: [0] }],
    });
    const since = other.leases.length;
    await pass(20_000);
    expect(shards(other, since).has(0)).toBe(false);
    lab.vanish();
    const left = other.leases.length;
    await pass(30_000);
    expect(shards(other, left).has(0)).toBe(true);
    expect(world.placement.report().waiting).toEqual([]);
  });

  it('[PL11] takes a lease back that trains elsewhere on a data shard that was given away', async () => {
    const { world, pass, share } = planned();
    const silent = world.readyDevices(2, { unitMs: null });
    await pass(100);
    const [first] = silent;
    if (first === undefined) throw new Error('two joined');
    const { index } = first.lease.unit.dataShard;
    world.placement.direct({ assignments: [{ device: silent[1]?.id, dataShards: [index] }] });
    first.pushNow();
    expect(first.outcomes()).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    expect(share(first).dataShards).not.toContain(index);
  });

  it('[PL10] takes sizes, workers and roles from outside', async () => {
    const { world, pass, share } = planned();
    const devices = world.readyDevices(3, pace(1));
    const [sized, held] = devices;
    world.placement.direct({
      assignments: [
        { device: sized?.id, batch: 8, localSteps: 3 },
        { device: held?.id, role: 'reserve' },
      ],
    });
    const before = held?.leases.length;
    await pass(10_000);
    expect(sized?.lease.unit).toMatchObject({ batch: 8, local: { steps: 3 } });
    expect(held?.leases.length).toBe(before);
    if (held === undefined) throw new Error('three joined');
    expect(share(held).why.join()).toContain('told to wait in reserve');
    world.placement.direct({ assignments: [] });
    await pass(10_000);
    expect(held.leases.length).toBeGreaterThan(before ?? 0);
  });

  it('[PL10] refuses what cannot hold by a code and a sentence, and changes nothing', async () => {
    const { world, pass } = planned();
    const [device, other] = world.readyDevices(2, pace(1));
    world.placement.direct({ assignments: [{ device: device?.id, dataShards: [2] }] });
    await pass(3000);
    const before = JSON.stringify(world.placement.report());
    const direct = (...assignments: unknown[]) => refusal(() => world.placement.direct({ assignments }));
    const id = device?.id ?? '';
    expect(refusal(() => world.placement.direct(null))).toMatch(/^MALFORMED/);
    expect(refusal(() => world.placement.direct({ assignments: 'all' }))).toMatch(/^MALFORMED: assignments/);
    expect(direct({ device: id, dataShard: 1 })).toMatch(/^MALFORMED: assignments.0/);
    expect(direct({ dataShards: [1] })).toMatch(/^MALFORMED: .*either a device or a selector/);
    expect(direct({ device: id, selector: {} })).toMatch(/^MALFORMED/);
    expect(direct({ device: id, batch: 0 })).toMatch(/^MALFORMED: assignments.0.batch/);
    expect(direct({ selector: { color: 'red' } })).toMatch(/^UNKNOWN_SELECTOR: .*not by "color"/);
    expect(direct({ device: 'ffffffffffff' })).toMatch(/^UNKNOWN_DEVICE: .*ffffffffffff/);
    expect(direct({ device: id, dataShards: [7] })).toMatch(
      /^UNKNOWN_DATA_SHARD: .*no data shard 7; they are 0 to 6/,
    );
    expect(direct({ selector: { labels: { room: 'x' } } })).toMatch(/^NO_MATCH: .*room: x/);
    const twice = [
      { device: id, dataShards: [1] },
      { device: other?.id, dataShards: [1] },
    ];
    expect(direct(...twice)).toMatch(/^CONFLICT: Data shard 1/);
    expect(direct({ selector: {}, role: 'reserve' })).toMatch(/^IMPOSSIBLE: Work is left for 0/);
    expect(direct({ device: id, role: 'reserve', dataShards: [1] })).toMatch(/^IMPOSSIBLE/);
    expect(JSON.stringify(world.placement.report())).toBe(before);
  });

  it('[PL10] instructions and conditions take over from a plan in force, and give way to it again', async () => {
    for (const placement of ['ilp', 'uniform'] as const) {
      const { world, pass, share } = planned({ placement });
      const [device] = world.readyDevices(2, pace(1));
      if (device === undefined) throw new Error('two joined');
      await pass(10_000);
      for (const localSteps of [8, 3]) {
        world.placement.direct({ assignments: [{ device: device.id, localSteps }] });
        await pass(6000);
        expect(device.lease.unit.local?.steps).toBe(localSteps);
        expect(share(device).localSteps).toBe(localSteps);
      }
      world.placement.direct({ assignments: [] });
      await pass(6000);
      expect(device.lease.unit.local?.steps).toBe(16);
    }
  });

  it('[PL9] spares a phone as soon as it is unplugged', async () => {
    const { world, pass, share } = planned();
    const battery = (charging: boolean) => ({ ...UNKNOWN_CONDITIONS, battery: { level: 0.8, charging } });
    const phone = world.device({
      ...pace(1, { formFactor: 'phone', conditions: battery(true) }),
      workers: 3,
    });
    phone.join().ready();
    world.readyDevices(1, pace(1));
    await pass(10_000);
    expect(share(phone).workers).toBe(3);
    phone.tell(battery(false));
    await pass(6000);
    expect(share(phone).workers).toBe(1);
    expect(share(phone).localSteps).toBeLessThanOrEqual(8);
  });

  it('[PL11] trains on the data shards that are pinned to a slow device, and on nothing else where all are', async () => {
    const { world, pass, share, shards } = planned();
    world.readyDevices(3, pace(0.1));
    const slow = world
      .device(pace(40, { labels: { room: 'lab' } }))
      .join()
      .ready();
    await pass(8000);
    world.placement.direct({ assignments: [{ selector: { labels: { room: 'lab' } }, dataShards: [0] }] });
    await pass(40_000);
    expect(shards(slow).has(0)).toBe(true);
    expect(share(slow).role).not.toBe('reserve');
    const all = [0, 1, 2, 3, 4, 5, 6];
    world.placement.direct({ assignments: [{ selector: { labels: { room: 'lab' } }, dataShards: all }] });
    const { version } = world.coordinator;
    await pass(60_000);
    expect(world.coordinator.version).toBeGreaterThan(version);
  });

  it('[PL2] a lone device comes from small units to the recipe, and to each of its data shards', async () => {
    const { world, pass, share, shards } = planned();
    const [device] = world.readyDevices(1, pace(1.3));
    if (device === undefined) throw new Error('one joined');
    await pass(60_000);
    expect(share(device)).toMatchObject({ role: 'train', localSteps: 16 });
    expect(shards(device)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  it('[PL2] a slow device has units that it is done with before its lease ends', async () => {
    const { world, pass } = planned();
    const [device] = world.readyDevices(1, pace(30));
    await pass(60_000);
    const [row] = world.coordinator.deviceRecords();
    expect(row).toMatchObject({ lost: 0 });
    expect(device?.lease.unit.local?.steps).toBeLessThanOrEqual(5);
  });

  it('[PL4] in async each device has what fits in the time of the median', async () => {
    const { world, pass, share } = planned({ policy: asyncPolicy(), mode: 'async' });
    const [fast, slow] = [world.readyDevices(2, pace(1)), world.device(pace(8)).join().ready()];
    await pass(60_000);
    expect(fast.map((device) => share(device).localSteps)).toEqual([16, 16]);
    expect(share(slow).role).toBe('train');
    expect(share(slow).localSteps).toBeLessThanOrEqual(2);
  });

  it('[PL8] a device that comes back has the data shards that it had', async () => {
    const { world, pass, share } = planned();
    const devices = world.readyDevices(2, pace(1));
    await pass(6000);
    const [device] = devices;
    if (device === undefined) throw new Error('two joined');
    const before = share(device).dataShards;
    device.resume().ready();
    await pass(1000);
    // One more or less, as the order of the devices has it.
    const after = share(device).dataShards;
    expect(after.length).toBeGreaterThanOrEqual(3);
    expect(before).toEqual(expect.arrayContaining([...after]));
  });

  it('[PL10] takes an empty list whatever the run needs, and the last of several instructions', async () => {
    const { world, pass } = planned();
    const [one] = world.readyDevices(2, pace(1));
    await pass(3000);
    const reserve = { selector: {}, role: 'reserve' };
    world.placement.direct({ assignments: [reserve, { device: one?.id, role: 'train' }] });
    world.placement.direct({ assignments: [] });
    expect(world.placement.report().assignments).toEqual([]);
  });
});
