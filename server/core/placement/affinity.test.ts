import { describe, expect, it } from 'vitest';
import { UNKNOWN_CONDITIONS } from '../../../shared/profile/profile.ts';
import { syncPolicy } from '../testing/policies.ts';
import type { World } from '../testing/world.ts';
import { ConstraintError } from './constraints.ts';
import { pace, planned } from './testing/planned.ts';

const LAB = { labels: { room: 'lab' } };
const join = (world: World, labels: Record<string, string> = {}) =>
  world.device(pace(1, { labels })).join().ready();

describe('what a run requires and prefers of devices', () => {
  it('[PL13] gives work to no device but those that the run requires, whatever the method', async () => {
    for (const placement of ['ilp', 'uniform'] as const) {
      const { world, pass, allocation } = planned({ placement, requires: LAB });
      const other = join(world);
      await pass(5000);
      expect([other.leases.length, world.coordinator.version]).toEqual([0, 0]);
      expect(allocation(other)).toMatchObject({ role: 'reserve', why: ['this run requires room: lab'] });
      const lab = join(world, { room: 'lab' });
      await pass(5000);
      expect(allocation(lab).role).toBe('train');
      expect(lab.leases.length).toBeGreaterThan(5);
      expect(other.leases).toEqual([]);
    }
  });

  it('[PL13] a constraint cannot give work to a device that the run does not take', async () => {
    const { world, pass } = planned({ requires: LAB });
    const other = join(world);
    join(world, { room: 'lab' });
    await pass(1000);
    const direct = () => world.placement.direct({ constraints: [{ device: other.id, dataShards: [0] }] });
    expect(direct).toThrow(ConstraintError);
    expect(direct).toThrow(/^No device that may work is device/);
  });

  it('[PL39] lets other devices train only while no preferred device is here', async () => {
    const { world, pass, allocation } = planned({ prefers: LAB });
    const other = join(world);
    await pass(5000);
    expect(allocation(other).role).toBe('train');
    const lab = join(world, { room: 'lab' });
    await pass(200);
    const before = other.leases.length;
    await pass(5000);
    expect(allocation(lab).role).toBe('train');
    expect(other.leases.length).toBe(before);
    expect(allocation(other).why).toEqual(['this run prefers room: lab, and enough of those are here']);
    lab.vanish();
    await pass(2000);
    expect(other.leases.length).toBeGreaterThan(before);
    expect(allocation(other).role).toBe('train');
  });

  it('[PL39] has others train where a round needs more workers than are preferred', async () => {
    const { world, pass, allocation } = planned({
      prefers: LAB,
      minWorkers: 2,
      policy: syncPolicy({ roundSize: 2 }),
    });
    const other = join(world);
    const lab = join(world, { room: 'lab' });
    await pass(5000);
    expect([other, lab].map((device) => allocation(device).role)).toEqual(['train', 'train']);
    expect(world.coordinator.version).toBeGreaterThan(5);
  });

  it('[PL39] a device that is named for a data shard trains on it as well as those that are preferred', async () => {
    const { world, pass, allocation, shards } = planned({ prefers: LAB });
    const other = join(world);
    const lab = join(world, { room: 'lab' });
    await pass(1000);
    world.placement.direct({ constraints: [{ device: other.id, dataShards: [0] }] });
    const since = other.leases.length;
    await pass(10_000);
    expect(shards(other, since)).toContain(0);
    expect(allocation(lab).dataShards).not.toContain(0);
  });

  it('[PL13] gives as reason what holds a device back, and nothing else', async () => {
    const { world, pass, allocation } = planned({ prefers: LAB });
    const battery = { ...UNKNOWN_CONDITIONS, battery: { level: 0.1, charging: false } };
    const empty = world
      .device(pace(1, { conditions: battery }))
      .join()
      .ready();
    await pass(1000);
    expect(allocation(empty).why).toEqual(['its battery is at 10% and not charging']);
  });
});
