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
      const { world, pass, share } = planned({ placement, requires: LAB });
      const other = join(world);
      await pass(5000);
      expect([other.leases.length, world.coordinator.version]).toEqual([0, 0]);
      expect(share(other)).toMatchObject({ role: 'reserve', why: ['this run requires room: lab'] });
      const lab = join(world, { room: 'lab' });
      await pass(5000);
      expect(share(lab).role).toBe('train');
      expect(lab.leases.length).toBeGreaterThan(5);
      expect(other.leases).toEqual([]);
    }
  });

  it('[PL13] an instruction cannot give work to a device that the run does not take', async () => {
    const { world, pass } = planned({ requires: LAB });
    const other = join(world);
    join(world, { room: 'lab' });
    await pass(1000);
    const direct = () => world.placement.direct({ assignments: [{ device: other.id, dataShards: [0] }] });
    expect(direct).toThrow(ConstraintError);
    expect(direct).toThrow(/^No device that may work is device/);
  });

  it('[PL39] has others train only while none that the run prefers is here', async () => {
    const { world, pass, share } = planned({ prefers: LAB });
    const other = join(world);
    await pass(5000);
    expect(share(other).role).toBe('train');
    const lab = join(world, { room: 'lab' });
    await pass(200);
    const before = other.leases.length;
    await pass(5000);
    expect(share(lab).role).toBe('train');
    expect(other.leases.length).toBe(before);
    expect(share(other).why).toEqual(['this run prefers room: lab, and enough of those are here']);
    lab.vanish();
    await pass(2000);
    expect(other.leases.length).toBeGreaterThan(before);
    expect(share(other).role).toBe('train');
  });

  it('[PL39] has others train where a round needs more workers than are preferred', async () => {
    const { world, pass, share } = planned({
      prefers: LAB,
      minWorkers: 2,
      policy: syncPolicy({ roundSize: 2 }),
    });
    const other = join(world);
    const lab = join(world, { room: 'lab' });
    await pass(5000);
    expect([other, lab].map((device) => share(device).role)).toEqual(['train', 'train']);
    expect(world.coordinator.version).toBeGreaterThan(5);
  });

  it('[PL39] a device that is named for a data shard trains on it beside those that are preferred', async () => {
    const { world, pass, share, shards } = planned({ prefers: LAB });
    const other = join(world);
    const lab = join(world, { room: 'lab' });
    await pass(1000);
    world.placement.direct({ assignments: [{ device: other.id, dataShards: [0] }] });
    const since = other.leases.length;
    await pass(10_000);
    expect(shards(other, since)).toContain(0);
    expect(share(lab).dataShards).not.toContain(0);
  });

  it('[PL13] says of a device what holds it back, not what does not', async () => {
    const { world, pass, share } = planned({ prefers: LAB });
    const battery = { ...UNKNOWN_CONDITIONS, battery: { level: 0.1, charging: false } };
    const empty = world
      .device(pace(1, { conditions: battery }))
      .join()
      .ready();
    await pass(1000);
    expect(share(empty).why).toEqual(['its battery is at 10% and not charging']);
  });
});
