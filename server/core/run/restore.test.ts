import { describe, expect, it } from 'vitest';
import type { Policy } from '../policy/policy.ts';
import { asyncPolicy, bufferedPolicy, syncPolicy } from '../testing/policies.ts';
import { RunWorld, settled } from '../testing/runWorld.ts';
import { World } from '../testing/world.ts';
import { RollbackError } from './rollback.ts';

/** Devices train; the state of version 5 is marked, and comes back after version 9 and again after version 14. */
function restored(policy: Policy, shards: number) {
  const world = new World({ policy, shards });
  for (const unitMs of [70, 110, 190]) world.device({ unitMs }).join().ready();
  const { coordinator } = world;
  world.committed = () => {
    const { version } = coordinator;
    if (version === 5) {
      coordinator.marks.mark(coordinator);
      coordinator.marks.judge(version, true);
    }
    if (version === 20) coordinator.stop();
  };
  coordinator.start();
  for (const version of [9, 14]) {
    while (coordinator.version < version) world.pass(50);
    coordinator.restore(5);
  }
  world.pass(10_000);
  return world;
}

describe.each<[string, () => Policy]>([
  ['async', () => asyncPolicy()],
  ['sync', () => syncPolicy()],
  ['buffered', () => bufferedPolicy({ buffer: 2 })],
  ['sync of two, complete', () => syncPolicy({ roundSize: 2, rounds: 'complete' })],
])('a restore, %s', (_, policy) => {
  it('[RS1] [CM1] [CM7] brings back the whole state as the next version, and training goes on from it', () => {
    const world = restored(policy(), 2);
    const { records } = world.recorder;
    const at = records.filter(({ type }) => type === 'restore').map(({ version }) => version);
    expect(at).toHaveLength(2);
    for (const version of at) expect(world.plain()[version]).toEqual(world.plain()[5]);
    expect(world.coordinator.version).toBe(20);
    expect(world.coordinator.updates).toBe(18);
    expect(world.parameters).toEqual(world.plain().at(-1));
    expect(world.ledger.unanswered).toBe(0);
  });

  it('[CM4] [RS1] comes to the same bits on any number of shards', () => {
    const [one, ...others] = [1, 2, 4].map((shards) => restored(policy(), shards));
    for (const world of others) {
      expect(world.recorder.records).toEqual(one?.recorder.records);
      expect(world.parameters).toEqual(one?.parameters);
    }
  });

  it('[RS2] withdraws every lease, complete ones too, and the devices go on from the state that is back', () => {
    const world = new World({ policy: policy() });
    const devices = world.readyDevices(2, { unitMs: null });
    const { coordinator } = world;
    coordinator.start();
    world.wire.drain();
    coordinator.marks.mark(coordinator);
    coordinator.marks.judge(0, true);
    coordinator.freeze();
    const [first, second] = devices;
    first?.pushNow();
    const before = [...world.leases.keys()];
    coordinator.restore(0);
    expect(before.map((lease) => world.recorder.refused.get(lease))).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    second?.pushNow();
    expect(second?.answers.at(-1)).toMatchObject({ outcome: 'WITHDRAWN' });
    second?.ready();
    coordinator.start();
    world.wire.drain();
    expect(devices.map((device) => device.lease.terms.baseVersion)).toEqual([1, 1]);
    expect(coordinator.updates).toBe(0);
    expect(world.parameters).toEqual(world.initial);
  });
});

it('[RS1] brings the average and the state of the optimizer back too', async () => {
  const world = new World({ policy: syncPolicy(), shards: 1, average: 4 });
  world.readyDevices(2);
  world.coordinator.start();
  world.pass(1000);
  const [shard] = world.shards;
  const { version } = world.coordinator;
  const before = await shard?.snapshot();
  world.coordinator.marks.mark(world.coordinator);
  world.coordinator.marks.judge(version, true);
  world.pass(1000);
  expect(world.coordinator.version).toBeGreaterThan(version + 1);
  world.coordinator.stop();
  world.coordinator.restore(version);
  expect(await shard?.snapshot()).toEqual({ ...before, version: world.coordinator.version });
});

it('[RS3] shards keep the states of the last two versions that were measured as good, and no others', () => {
  const world = new World({ shards: 2 });
  const { marks } = world.coordinator;
  const [shard] = world.shards;
  world.readyDevices(1);
  world.coordinator.start();
  const judged: [number, boolean][] = [];
  for (const good of [true, true, false, true, false]) {
    world.pass(500);
    const { version } = world.coordinator;
    marks.mark(world.coordinator);
    expect(marks.has(version)).toBe(false);
    marks.judge(version, good);
    judged.push([version, good]);
  }
  const [, second = 0, , fourth = 0] = judged.map(([version]) => version);
  expect(marks.good.map(({ version }) => version)).toEqual([fourth, second]);
  for (const [version] of judged) {
    const has = [second, fourth].includes(version);
    expect(marks.has(version)).toBe(has);
    if (has) continue;
    expect(() => world.coordinator.restore(version)).toThrow('is not marked');
    const next = world.coordinator.version + 1;
    expect(() => shard?.commit({ type: 'restore', version: next, of: version })).toThrow('is not marked');
  }
});

/** A run that is measured at every commit, and has come to a few. */
async function training() {
  const world = new RunWorld({ evaluateEvery: 1 });
  world.readyDevices(2);
  await world.run.start();
  await world.live(1000);
  return world;
}

describe('a rollback of a run', () => {
  it('[RS4] goes to a version that is marked, is saved, and is measured anew', async () => {
    const world = await training();
    const [{ version } = { version: 0 }] = world.run.measurements.slice(-1);
    await world.evaluation.finish(0.9);
    const good = world.run.measurements.at(-1)?.version ?? NaN;
    expect(good).not.toBe(version);
    await world.live(1000);
    const rolled = world.run.rollBack(good);
    await settled();
    const { version: now } = world.coordinator;
    expect(await rolled).toBe(now);
    expect(world.recorder.records.at(-1)).toEqual({ type: 'restore', version: now, of: good });
    expect(world.saved.at(-1)?.snapshot.parameters).toEqual(world.plain()[good]);
    expect(world.run.status()).toMatchObject({ version: now, updates: now - 1, state: 'running' });
  });

  it('[RS4] goes to the version of a checkpoint, whose state the shards are given first', async () => {
    const world = await training();
    await world.run.save();
    const saved = world.saved.at(-1)?.snapshot;
    if (saved === undefined) throw new Error('nothing is saved');
    world.kept.set(saved.version, { ...saved, optimizer: 'momentum' });
    await world.live(1000);
    const before = world.coordinator.version;
    expect(world.coordinator.marks.has(saved.version)).toBe(false);
    expect(await world.run.rollBack(saved.version)).toBe(before + 1);
    await world.live(1000);
    world.coordinator.freeze();
    expect(world.parameters).toEqual(world.plain().at(-1));
    expect(world.coordinator.marks.has(saved.version)).toBe(false);
  });

  it('[RS5] to a version that cannot be had, or of a run that ended meanwhile, changes nothing', async () => {
    const world = await training();
    world.coordinator.freeze();
    const { records } = world.recorder;
    const before = records.length;
    await expect(world.run.rollBack(10_000)).rejects.toThrow(RollbackError);
    const { parameters, coordinator } = world;
    const state = { version: 2, parameters, optimizerState: { slots: {}, scalars: {} } };
    world.kept.set(2, { ...state, optimizer: 'sgd' });
    const rolling = world.run.rollBack(2);
    const ended = world.run.stop('stopped');
    await expect(rolling).rejects.toThrow('has ended meanwhile');
    await world.evaluation.finish(0.5);
    await world.evaluation.finish(0.5);
    await ended;
    expect(records).toHaveLength(before);
    expect(coordinator.marks.has(2)).toBe(false);
    expect(world.parameters).toEqual(world.plain().at(-1));
  });

  it('[RS10] is done although a measurement ends while one of the shards is still being given the state', async () => {
    const world = await training();
    const { parameters, coordinator } = world;
    const [, port] = world.ports;
    if (port === undefined) throw new Error('two shards');
    const load = port.load.bind(port);
    let take: () => void = () => undefined;
    port.load = async (state) => {
      await load(state);
      await new Promise<void>((resolve) => (take = resolve));
    };
    const state = { version: 2, parameters, optimizerState: { slots: {}, scalars: {} } };
    world.kept.set(2, { ...state, optimizer: 'sgd' });
    const rolling = world.run.rollBack(2);
    await settled();
    await world.evaluation.finish(0.5);
    const before = coordinator.version;
    take();
    expect(await rolling).toBe(before + 1);
    expect(world.recorder.records.at(-1)).toMatchObject({ type: 'restore', of: 2 });
  });

  it('[RS5] that a shard does not take changes nothing, and the next one is done', async () => {
    const world = await training();
    const { parameters, coordinator } = world;
    const [, port] = world.ports;
    if (port === undefined) throw new Error('two shards');
    const load = port.load.bind(port);
    port.load = () => Promise.reject(new Error('gone'));
    const state = { version: 1, parameters, optimizerState: { slots: {}, scalars: {} } };
    world.kept.set(1, { ...state, optimizer: 'sgd' });
    const before = coordinator.version;
    await expect(world.run.rollBack(1)).rejects.toThrow('did not take the state of version 1');
    expect(coordinator.version).toBe(before);
    port.load = load;
    expect(await world.run.rollBack(1)).toBe(before + 1);
    // Slots of another optimizer are not taken: it begins anew.
    expect(
      (await coordinator.shards[0]?.snapshot())?.optimizerState.slots['velocity']?.every((v) => v === 0),
    ).toBe(true);
  });
});

describe('devices that failed at a model that had gone bad', () => {
  /** A world in which a device is set aside after five updates that are no numbers. */
  function setAside() {
    const world = new World();
    const device = world.device({ unitMs: null }).join().ready();
    world.coordinator.start();
    world.coordinator.marks.begin(world.coordinator);
    world.wire.drain();
    for (let failed = 0; failed < 5; failed++) {
      device.pushNow(device.lease, { values: (values) => values.map(() => NaN) });
      device.ready();
      world.wire.drain();
    }
    const state = () => world.crowd.records()[0]?.state;
    expect(state()).toBe('faulty');
    return { world, device, state };
  }

  it('[RS11] work again after a restore', () => {
    const { world, device, state } = setAside();
    const before = device.leases.length;
    world.coordinator.restore(0);
    world.wire.drain();
    expect([state(), device.leases.length]).toEqual(['working', before + 1]);
  });

  it('[RS11] work again after a change of settings, and are set aside again where they go on failing', () => {
    const { world, device, state } = setAside();
    world.coordinator.configure({ lr: 0.01 });
    world.wire.drain();
    expect(state()).toBe('working');
    for (let failed = 0; failed < 5; failed++) {
      device.pushNow(device.lease, { values: (values) => values.map(() => NaN) });
      device.ready();
      world.wire.drain();
    }
    expect(state()).toBe('faulty');
  });
});
