import { describe, expect, it } from 'vitest';
import type { World } from '../testing/world.ts';
import { ConstraintError } from './constraints.ts';
import { pace, planned } from './testing/planned.ts';

/** A device without labels, and one of the lab. */
function hallAndLab(world: World) {
  const join = (labels: Record<string, string>) => world.device(pace(1, { labels })).join().ready();
  return [join({}), join({ room: 'lab' })] as const;
}

function refusal(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConstraintError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('constraints from outside', () => {
  it('[PL11] [PL32] a pinned data shard is trained on by its device alone; hard affinity waits', async () => {
    const { world, pass, allocation, shards } = planned();
    const [other, lab] = hallAndLab(world);
    await pass(4000);
    const since = [other.leases.length, lab.leases.length];
    world.placement.direct({ constraints: [{ selector: { labels: { room: 'lab' } }, dataShards: [0] }] });
    await pass(30_000);
    expect(shards(lab, since[1]).has(0)).toBe(true);
    expect(shards(other, since[0]).has(0)).toBe(false);
    expect(allocation(lab).why.join()).toContain('constrained to data shard 0');
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
    expect(allocation(lab).dataShards).toContain(0);
  });

  it('[PL33] soft affinity moves a data shard while its device is away', async () => {
    const { world, pass, shards } = planned();
    const [other, lab] = hallAndLab(world);
    await pass(1000);
    world.placement.direct({
      constraints: [{ selector: { labels: { room: 'lab' } }, affinity: 'soft', dataShards: [0] }],
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

  it('[PL11] withdraws a lease on a data shard that was since pinned to another device', async () => {
    const { world, pass, allocation } = planned();
    const silent = world.readyDevices(2, { unitMs: null });
    await pass(100);
    const [first] = silent;
    if (first === undefined) throw new Error('two joined');
    const { index } = first.lease.unit.dataShard;
    world.placement.direct({ constraints: [{ device: silent[1]?.id, dataShards: [index] }] });
    first.pushNow();
    expect(first.outcomes()).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    expect(allocation(first).dataShards).not.toContain(index);
  });

  it('[PL10] takes sizes, workers and roles from outside', async () => {
    const { world, pass, allocation } = planned();
    const devices = world.readyDevices(3, pace(1));
    const [sized, held] = devices;
    world.placement.direct({
      constraints: [
        { device: sized?.id, batch: 8, localSteps: 3 },
        { device: held?.id, role: 'reserve' },
      ],
    });
    const before = held?.leases.length;
    await pass(10_000);
    expect(sized?.lease.unit).toMatchObject({ batch: 8, local: { steps: 3 } });
    expect(held?.leases.length).toBe(before);
    if (held === undefined) throw new Error('three joined');
    expect(allocation(held).why.join()).toContain('constrained to the reserve');
    world.placement.direct({ constraints: [] });
    await pass(10_000);
    expect(held.leases.length).toBeGreaterThan(before ?? 0);
  });

  it('[PL10] [PL30] refuses what cannot hold by a code and a sentence, and changes nothing', async () => {
    const { world, pass } = planned();
    const [device, other] = world.readyDevices(2, pace(1));
    world.placement.direct({ constraints: [{ device: device?.id, dataShards: [2] }] });
    await pass(3000);
    const before = JSON.stringify(world.placement.report());
    const direct = (...constraints: unknown[]) => refusal(() => world.placement.direct({ constraints }));
    const id = device?.id ?? '';
    expect(refusal(() => world.placement.direct(null))).toMatch(/^MALFORMED/);
    expect(refusal(() => world.placement.direct({ constraints: 'all' }))).toMatch(/^MALFORMED: constraints/);
    expect(direct({ device: id, dataShard: 1 })).toMatch(/^MALFORMED: constraints.0/);
    expect(direct({ dataShards: [1] })).toMatch(/^MALFORMED: .*either a device or a selector/);
    expect(direct({ device: id, selector: {} })).toMatch(/^MALFORMED/);
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

  it.each([
    [{ batch: 0 }, 'constraints.0: batch 0 is not a whole number from 1 to 4096'],
    [{ batch: '8' }, 'constraints.0: batch "8" is not a whole number from 1 to 4096'],
    [{ role: 'rest' }, 'constraints.0: role "rest" is not one of train, reserve'],
    [{ affinity: 'sof' }, 'constraints.0: affinity "sof" is not one of hard, soft; did you mean soft?'],
    [
      { dataShards: [1.5] },
      'constraints.0: dataShards [1.5] is not a list of at most 4096 indices of data shards',
    ],
    [{ device: 'x' }, 'constraints.0: device "x" is not the id of a device: 12 hexadecimal digits'],
    [
      { selector: { engine: 'wasn' } },
      'constraints.0.selector: engine "wasn" is not one of wasm, webgpu, tfjs-webgpu, tfjs-webgl, tfjs-cpu; did you mean wasm?',
    ],
    [
      { selector: { labels: { room: 7 } } },
      'constraints.0.selector: labels {"room":7} is not at most 16 labels, each a name and a value',
    ],
    [
      { dataShard: 1 },
      'constraints.0: dataShard is no field of a constraint, which has device, selector, affinity, dataShards, role, batch, localSteps, workers; did you mean dataShards?',
    ],
  ])(
    '[PL10] constraints that cannot be read are refused with the field, the value and what it has to be: %j',
    (each, words) => {
      const { world } = planned();
      expect(refusal(() => world.placement.direct({ constraints: [each] }))).toBe(`MALFORMED: ${words}`);
    },
  );

  it.each([
    [null, 'null is not an object with constraints'],
    [[], '[] is not an object with constraints'],
    [{}, 'constraints is missing: it is a list of at most 1024 constraints'],
    [{ constraints: 'all' }, 'constraints "all" is not a list of at most 1024 constraints'],
    [{ constraints: [7] }, 'constraints.0 7 is not an object with device, selector, '],
  ])('[PL10] %j is refused as a placement, with a sentence that says why', (body, words) => {
    const { world } = planned();
    expect(refusal(() => world.placement.direct(body))).toContain(`MALFORMED: ${words}`);
  });

  it('[PL10] constraints and device conditions replace a plan in force, and the plan returns after them', async () => {
    for (const placement of ['ilp', 'uniform'] as const) {
      const { world, pass, allocation } = planned({ placement });
      const [device] = world.readyDevices(2, pace(1));
      if (device === undefined) throw new Error('two joined');
      await pass(10_000);
      for (const localSteps of [8, 3]) {
        world.placement.direct({ constraints: [{ device: device.id, localSteps }] });
        await pass(6000);
        expect(device.lease.unit.local?.steps).toBe(localSteps);
        expect(allocation(device).localSteps).toBe(localSteps);
      }
      world.placement.direct({ constraints: [] });
      await pass(6000);
      expect(device.lease.unit.local?.steps).toBe(16);
    }
  });

  it('[PL31] trains on the data shards that are pinned to a slow device, and on nothing else where all are', async () => {
    const { world, pass, allocation, shards } = planned();
    world.readyDevices(3, pace(0.1));
    const slow = world
      .device(pace(40, { labels: { room: 'lab' } }))
      .join()
      .ready();
    await pass(8000);
    world.placement.direct({ constraints: [{ selector: { labels: { room: 'lab' } }, dataShards: [0] }] });
    await pass(40_000);
    expect(shards(slow).has(0)).toBe(true);
    expect(allocation(slow).role).not.toBe('reserve');
    const all = [0, 1, 2, 3, 4, 5, 6];
    world.placement.direct({ constraints: [{ selector: { labels: { room: 'lab' } }, dataShards: all }] });
    const { version } = world.coordinator;
    await pass(60_000);
    expect(world.coordinator.version).toBeGreaterThan(version);
  });

  it('[PL10] takes an empty list whatever the run needs, and the last of several constraints', async () => {
    const { world, pass } = planned();
    const [one] = world.readyDevices(2, pace(1));
    await pass(3000);
    const reserve = { selector: {}, role: 'reserve' };
    world.placement.direct({ constraints: [reserve, { device: one?.id, role: 'train' }] });
    world.placement.direct({ constraints: [] });
    expect(world.placement.report().constraints).toEqual([]);
  });
});
