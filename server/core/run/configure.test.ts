import { describe, expect, it } from 'vitest';
import type { LiveChanges } from '../liveSettings.ts';
import { asyncPolicy, bufferedPolicy, syncPolicy } from '../testing/policies.ts';
import { RunWorld, settled } from '../testing/runWorld.ts';
import { World } from '../testing/world.ts';
import type { WorldOptions } from '../testing/testServer.ts';

/** Three devices that train to a number of versions, with changes on the way, each after one of them. */
function trained(changes: Record<number, LiveChanges>, options: WorldOptions, versions = 14) {
  const world = new World(options);
  for (const unitMs of [70, 110, 190]) world.device({ unitMs }).join().ready();
  const due = new Map(Object.entries(changes).map(([version, change]) => [Number(version), change]));
  world.committed = () => {
    const { coordinator } = world;
    const change = due.get(coordinator.version);
    if (change !== undefined) coordinator.configure(change);
    if (coordinator.version >= versions) coordinator.stop();
  };
  world.coordinator.start();
  world.pass(10_000);
  return world;
}

describe('a record that configures', () => {
  const CHANGES = { 3: { lr: 0.02 }, 7: { momentum: 0.4, maxCommits: 500 } };

  it.each([1, 2, 4])('[CF1] [CF8] gives the bits of a replay of the records with %i shards', (shards) => {
    for (const policy of [asyncPolicy, syncPolicy]) {
      const world = trained(CHANGES, { policy: policy(), shards });
      const types = world.recorder.records.map(({ type }) => type);
      expect(types.flatMap((type, index) => (type === 'configure' ? [index + 1] : []))).toEqual([4, 8]);
      world.plain().forEach((plain, version) => {
        if (version > world.coordinator.version - 8) expect(world.parametersAt(version)).toEqual(plain);
      });
      expect(world.coordinator.updates).toBe(world.coordinator.version - 2);
      expect(world.coordinator.settings).toMatchObject({ lr: 0.02, momentum: 0.4, maxCommits: 500 });
      const unchanged = trained({}, { policy: policy(), shards });
      expect(world.parameters).not.toEqual(unchanged.parameters);
    }
  });

  it('[CF1] makes a version of the same parameters', () => {
    const world = trained({ 3: { lr: 0.02 } }, { shards: 2 });
    expect(world.plain()[4]).toEqual(world.plain()[3]);
  });

  it('[CF2] begins another optimizer with fresh slots, and leaves those of the same', async () => {
    const state = async (change: LiveChanges) => {
      const world = trained({}, { shards: 1 }, 4);
      world.coordinator.configure(change);
      return (await world.shards[0]?.snapshot())?.optimizerState;
    };
    const before = await state({});
    expect(before?.slots['velocity']?.some((value) => value !== 0)).toBe(true);
    expect(await state({ lr: 0.5, momentum: 0.2, optimizer: 'momentum' })).toEqual(before);
    const adam = await state({ optimizer: 'adam' });
    expect(adam?.scalars).toEqual({ beta1Power: 1, beta2Power: 1 });
    expect(adam?.slots['first']?.every((value) => value === 0)).toBe(true);
    expect(await state({ optimizer: 'sgd' })).toEqual({ slots: {}, scalars: {} });
  });

  it.each([
    ['async', asyncPolicy(1)],
    ['sync', syncPolicy({ roundSize: 2 })],
    ['buffered', bufferedPolicy({ buffer: 2, maxStaleness: 1 })],
  ])('[CF3] ends no lease: updates of before it count as if it were not there, %s', (_mode, policy) => {
    const world = new World({ policy });
    const devices = world.readyDevices(2, { unitMs: null });
    world.coordinator.start();
    world.wire.drain();
    world.coordinator.configure({ lr: 0.03 });
    world.coordinator.configure({ lr: 0.04 });
    for (const device of devices) device.pushNow();
    world.wire.drain();
    expect(devices.flatMap(({ answers }) => answers.map(({ outcome }) => outcome))).not.toContain('STALE');
    expect(world.recorder.applied.size).toBe(2);
    expect(world.parameters).toEqual(world.plain().at(-1));
  });

  it('[CF4] has the next leases take local steps at the changed rates', () => {
    const local = { steps: 4, lr: 0.1, momentum: 0.5, decay: null };
    const world = new World({ local });
    const [device] = world.readyDevices(1, { unitMs: null });
    world.coordinator.start();
    world.wire.drain();
    world.coordinator.configure({ localLr: 0.02, localMomentum: 0 });
    device?.pushNow();
    world.wire.drain();
    expect(device?.leases.map(({ unit }) => unit.local)).toEqual([
      { steps: 4, lr: 0.1, momentum: 0.5 },
      { steps: 4, lr: 0.02, momentum: 0 },
    ]);
  });
});

describe('a run whose settings change', () => {
  it('[CF5] ends at the changed number of commits', async () => {
    const world = new RunWorld({ maxCommits: 1000 });
    world.readyDevices(2);
    await world.run.start();
    await world.live(500);
    const { updates } = world.coordinator;
    world.run.configure({ maxCommits: updates + 3 });
    await world.live(2000);
    expect(world.run.status()).toMatchObject({ stop: 'max-commits', updates: updates + 3 });
  });

  it('[CF5] ends at once where the changed limit is reached', async () => {
    const world = new RunWorld();
    world.readyDevices(2);
    await world.run.start();
    await world.live(500);
    world.run.configure({ maxCommits: 1 });
    expect(world.run.status().stop).toBe('max-commits');
  });

  it('[CF5] ends at the changed time, and no more at the time of before', async () => {
    const world = new RunWorld({ maxSeconds: 1 });
    world.readyDevices(2);
    await world.run.start();
    await world.live(500);
    world.run.configure({ maxSeconds: 3 });
    await world.live(2000);
    expect(world.run.status().state).toBe('running');
    world.run.configure({ maxSeconds: 2 });
    await world.live(50);
    expect(world.run.status().stop).toBe('max-seconds');
  });

  it('[CF5] is measured as often as the changed setting says, and ends at the changed target', async () => {
    const world = new RunWorld({ evaluateEvery: 0 });
    world.readyDevices(2);
    await world.run.start();
    await world.live(500);
    expect(world.evaluations).toHaveLength(0);
    world.run.configure({ evaluateEvery: 1, target: 0.5 });
    await world.live(500);
    await world.evaluation.finish(0.6);
    await world.evaluation.finish(0.6);
    await settled();
    expect(world.run.status()).toMatchObject({ stop: 'target' });
  });

  it('[CF6] is kept with the settings of the version that is kept, whenever they change during a save', async () => {
    const kept = [];
    for (let turns = 0; turns < 8; turns++) {
      const world = new RunWorld({ checkpointSeconds: 3600 });
      world.readyDevices(2);
      await world.run.start();
      await world.live(500);
      const saving = world.run.save();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      world.run.configure({ optimizer: 'adam' });
      await saving;
      const [first] = world.saved;
      kept.push([
        first?.snapshot.settings.optimizer,
        ...Object.keys(first?.snapshot.optimizerState.slots ?? {}),
      ]);
    }
    expect(new Set(kept.map(String))).toEqual(new Set(['adam,first,second', 'momentum,velocity']));
  });
});
