import { UNKNOWN_CONDITIONS } from '../../../shared/profile/profile.ts';
import { describe, expect, it } from 'vitest';
import { samplesOf } from '../unit.ts';
import { createWork } from '../run/work.ts';
import { dataShards } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';

describe('joining', () => {
  it('[AU2] [AU4] a device that shows its token keeps its id and what is known of it; its earlier connection ends', () => {
    const world = new World();
    world.coordinator.start();
    const [device] = world.readyDevices(1);
    world.pass(1000);
    const { id, session } = device ?? world.device().join();
    const applied = world.crowd.records()[0]?.applied;
    device?.resume();
    expect(device?.id).toBe(id);
    expect(device?.session.number).not.toBe(session.number);
    expect(device?.replaced).toBe(1);
    expect(world.crowd.size).toBe(1);
    expect(world.crowd.records()).toMatchObject([{ device: id, applied, state: 'silent' }]);
  });

  it('[AU4] messages of the earlier connection are ignored', () => {
    const world = new World();
    world.coordinator.start();
    const [device] = world.readyDevices(1, { unitMs: null });
    const old = device?.session ?? { device: '', number: 0 };
    device?.resume().ready();
    world.wire.drain();
    const engine = { name: 'scripted' as const, detail: '', software: true };
    world.crowd.leave(old);
    world.crowd.disconnect(old);
    world.crowd.asks(old, { engine, trials: [], workers: 1, conditions: UNKNOWN_CONDITIONS });
    expect(world.coordinator.release(old, device?.lease.terms.lease ?? 0)).toBe('UNKNOWN_LEASE');
    device?.pushNow();
    expect(world.coordinator.version).toBe(1);
  });

  it('[AU5] with a wrong token, or that of another, it gets a new id and no other device is affected', () => {
    const world = new World();
    const [one, other] = world.readyDevices(2);
    for (const token of ['', '0'.repeat(32), other?.joined?.token ?? '']) {
      const stranger = world.device().join({ device: one?.id ?? '', token });
      expect([one?.id, other?.id]).not.toContain(stranger.id);
    }
    expect(one?.replaced).toBe(0);
    expect(world.crowd.size).toBe(5);
  });

  it('[AU6] beyond the limit of devices the answer is FULL, but not to one that is here already', () => {
    const world = new World({ maxDevices: 2 });
    const [one, other] = world.readyDevices(2);
    expect(world.device().join().joined).toBeNull();
    expect(one?.resume().joined).not.toBeNull();
    other?.vanish();
    const newcomer = world.device().join();
    expect(newcomer.joined).not.toBeNull();
    expect(other?.resume().joined).toBeNull();
    newcomer.vanish();
    expect(world.crowd.size).toBe(1);
  });

  it('[AU2] devices that left are forgotten beyond a number', () => {
    const world = new World();
    for (let count = 0; count < 300; count++) world.device().join().vanish();
    expect(world.crowd.records()).toHaveLength(200);
    expect(world.crowd.size).toBe(0);
  });
});

describe('work', () => {
  it('[UN4] [UN6] visits a batch for each local step, and once where it asks for a gradient', () => {
    expect(samplesOf({ batch: 32, local: null })).toBe(32);
    expect(samplesOf({ batch: 32, local: { steps: 5, lr: 0.1, momentum: 0 } })).toBe(160);
  });

  it('[UN2] a unit follows from the run seed, its lane and its step', () => {
    const settings = { batch: 32, local: null, seed: 3, startUpdates: 0 };
    const work = createWork(dataShards(60, 1000), settings);
    const same = createWork(dataShards(60, 1000), settings);
    const orders = new Set<string>();
    for (let lane = 0; lane < 20; lane++) {
      for (let step = 0; step < 200; step++) {
        const unit = work({ lane, step }, 5);
        expect(same({ lane, step }, 5)).toEqual(unit);
        orders.add(`${unit.seed} ${unit.start}`);
      }
    }
    expect(orders.size).toBe(4000);
    const others = [
      { ...settings, seed: 4 },
      { ...settings, startUpdates: 1 },
    ].map((each) => createWork(dataShards(60), each));
    for (const other of others)
      expect(other({ lane: 0, step: 0 }, 0).seed).not.toBe(work({ lane: 0, step: 0 }, 0).seed);
  });

  it('[UN8] each lane comes to every data shard, staying on each for as many units as cover it', () => {
    const work = createWork(dataShards(60, 1000), { batch: 32, local: null, seed: 3, startUpdates: 0 });
    for (let lane = 0; lane < 8; lane++) {
      const visits = new Map<number, number>();
      for (let step = 0; step < 60 * 32; step++) {
        const { index } = work({ lane, step }, 0).dataShard;
        visits.set(index, (visits.get(index) ?? 0) + 1);
      }
      expect([...visits.values()]).toEqual(Array.from({ length: 60 }, () => 32));
    }
    const first = [0, 1, 2, 3].map((lane) => work({ lane, step: 0 }, 0).dataShard.index);
    expect(new Set(first).size).toBe(4);
  });

  it('[UN3] [UN7] the rate of local steps falls with the version, to half after three times `decay` commits', () => {
    const local = { steps: 3, lr: 0.08, momentum: 0.5, decay: 50 };
    const rates = (decay: number | null) => {
      const settings = { batch: 8, local: { ...local, decay }, seed: 3, startUpdates: 0 };
      const work = createWork(dataShards(2), settings);
      return [0, 150, 750].map((version) => work({ lane: 0, step: 1 }, version).local?.lr);
    };
    expect(rates(50)).toEqual([0.08, 0.04, 0.02]);
    expect(rates(null)).toEqual([0.08, 0.08, 0.08]);
    const work = createWork(dataShards(2), { batch: 8, local, seed: 3, startUpdates: 0 });
    expect(work({ lane: 0, step: 0 }, 0).local).toEqual({ steps: 3, lr: 0.08, momentum: 0.5 });
  });

  it('[UN2] there is no work without data', () => {
    expect(() =>
      createWork([], { batch: 1, local: null, seed: 1, startUpdates: 0 })({ lane: 0, step: 0 }, 0),
    ).toThrow(/no data/);
  });
});
