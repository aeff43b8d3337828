import { describe, expect, it } from 'vitest';
import * as messages from '../../../shared/protocol/messages.ts';
import { joinSlices } from '../../../shared/model/ranges.ts';
import { twoDevices } from '../testing/twoDevices.ts';
import { LIMITS, syncPolicy } from '../testing/policies.ts';
import { World } from '../testing/world.ts';

describe('who may push', () => {
  it('[LS1] [LS11] a slice is staged only under the terms that were granted, by the device they were granted to', () => {
    const { world, first, second } = twoDevices();
    const forged = [
      { mac: '0'.repeat(32) },
      { mac: '' },
      { deadline: first.lease.terms.deadline + 1 },
      { samples: first.lease.terms.samples + 1 },
      { baseVersion: 1 },
      { lease: first.lease.terms.lease + 100 },
      { kind: 'delta' as const },
      { incarnation: '0badcaff' },
    ];
    for (const terms of forged) first.pushNow(first.lease, { terms });
    second.pushNow(first.lease);
    second.pushNow(first.lease, { terms: { device: second.id } });
    const outcomes = [...first.answers, ...second.answers].map(({ outcome }) => outcome);
    expect(outcomes).toEqual(Array.from({ length: 2 * (forged.length + 2) }, () => 'UNKNOWN_LEASE'));
    expect(world.shards.map(({ held }) => held)).toEqual([0, 0]);
    const { lease } = first;
    first.pushNow();
    expect(first.outcomes(lease).slice(-2)).toEqual(['APPLIED', 'APPLIED']);
  });

  it('[LS1] a MAC holds for one cut of the key ranges alone', () => {
    const one = new World({ shards: 2 });
    const other = new World({ shards: 3 });
    const [device, victim] = [one, other].map((world) => {
      world.coordinator.start();
      return world.readyDevices(1, { unitMs: null })[0];
    });
    for (const world of [one, other]) world.wire.drain();
    victim?.pushNow(device?.lease);
    expect(victim?.answers.map(({ outcome }) => outcome)).toEqual(victim?.answers.map(() => 'UNKNOWN_LEASE'));
  });
});

describe('deadlines', () => {
  it('[LS2] [LS12] an expired lease answers EXPIRED, changes nothing, and its work is reissued', () => {
    const { world, first, second } = twoDevices();
    const lost = first.lease;
    const before = world.parameters;
    second.pushNow();
    expect(world.coordinator.version).toBe(1);
    first.push(lost, {}, first.gradient(lost), [0]);
    world.wire.drain();
    expect(first.outcomes(lost)).toEqual([]);
    world.clock.advance(LIMITS.capMs);
    world.wire.drain();
    expect(first.outcomes(lost)).toEqual(['EXPIRED']);
    first.push(lost, {}, first.gradient(lost), [1]);
    world.wire.drain();
    expect(first.outcomes(lost)).toEqual(['EXPIRED', 'EXPIRED']);
    expect(world.coordinator.version).toBe(1);
    expect(world.parametersAt(0)).toEqual(before);
    first.ready();
    second.ready();
    world.wire.drain();
    expect([first.lease.unit, second.lease.unit]).toContainEqual(lost.unit);
  });

  it('[LS13] a lease is good until its last millisecond, and a whole update outlives its deadline', () => {
    const { world, first } = twoDevices(syncPolicy());
    const { lease } = first;
    world.clock.advance(LIMITS.capMs - 1);
    first.pushNow();
    expect(first.outcomes()).toEqual([]);
    world.clock.advance(1);
    world.wire.drain();
    expect(first.outcomes(lease)).toEqual(['APPLIED', 'APPLIED']);
  });

  it('[LS2] a lease has whole milliseconds, though the clock and what is left of a round have fractions', () => {
    const { world, first, second } = twoDevices(syncPolicy({ roundSize: 2 }));
    const lost = first.lease;
    second.pushNow();
    world.clock.advance(LIMITS.capMs + 0.37);
    first.ready();
    world.wire.drain();
    const again = first.lease;
    expect(again.unit).toEqual(lost.unit);
    expect(again.remainingMs).toBe(LIMITS.capMs);
    expect(messages.lease.safeParse(again).success).toBe(true);
  });

  it('[LS2] what expires while the machine sleeps is EXPIRED as well, and the run goes on', () => {
    const { world, first, second } = twoDevices(syncPolicy());
    const lost = first.lease;
    second.pushNow();
    world.clock.jump(3_600_000);
    world.wire.drain();
    first.pushNow(lost);
    expect(first.outcomes(lost)).toEqual(['EXPIRED', 'EXPIRED']);
    expect(world.coordinator.version).toBe(1);
  });
});

describe('repeated pushes', () => {
  it('[LS3] [LS14] a repeat while undecided waits for the same decision; afterwards it is a DUPLICATE', () => {
    const { world, first, second } = twoDevices(syncPolicy());
    first.pushNow();
    first.pushNow(first.lease, { values: (values) => values.map((value) => 2 * value) });
    expect(first.outcomes()).toEqual([]);
    const done = first.lease;
    second.pushNow();
    expect(first.outcomes(done)).toEqual(['APPLIED', 'APPLIED', 'APPLIED', 'APPLIED']);
    expect(first.answers.every(({ version, slice }) => version === 1 && slice !== undefined)).toBe(true);
    first.pushNow(done, {}, world.initial);
    expect(first.outcomes(done).slice(4)).toEqual(['DUPLICATE', 'DUPLICATE']);
    expect(first.answers.slice(4).map((answer) => answer.first)).toEqual(['APPLIED', 'APPLIED']);
    expect(world.parameters).toEqual(world.plain().at(-1));
  });

  it('[LS3] the first answer after a decision made elsewhere is the outcome itself', () => {
    const { world, first } = twoDevices();
    const bad = first.lease;
    const spoilt = { values: (values: Float32Array) => values.fill(NaN) };
    first.push(bad, spoilt, world.initial, [0]);
    world.wire.drain();
    for (let time = 0; time < 2; time++) {
      first.push(bad, {}, world.initial, [1]);
      world.wire.drain();
    }
    expect(first.outcomes(bad)).toEqual(['NOT_FINITE', 'NOT_FINITE', 'DUPLICATE']);
    expect(first.answers.at(-1)?.first).toBe('NOT_FINITE');
  });

  it('[LS14] an applied lease that the shards have forgotten is a DUPLICATE still', () => {
    const world = new World({ shards: 1 });
    world.coordinator.start();
    const [device] = world.readyDevices(1, { unitMs: null });
    world.wire.drain();
    const old = device?.lease;
    for (let unit = 0; unit < 4200; unit++) device?.pushNow(device.lease, {}, world.initial);
    expect(world.coordinator.version).toBe(4200);
    device?.pushNow(old, {}, world.initial);
    expect(device?.answers.at(-1)).toMatchObject({ outcome: 'DUPLICATE', first: 'APPLIED' });
    expect(world.coordinator.version).toBe(4200);
  });

  it('[LS15] [CM5] a repeat brings the weights of the version that the update became part of, of every shard', () => {
    const { world, first, second } = twoDevices();
    const done = first.lease;
    first.pushNow();
    for (let unit = 0; unit < 3; unit++) second.pushNow();
    first.answers.length = 0;
    first.push(done, {}, world.initial, [0]);
    world.wire.drain();
    second.pushNow();
    first.push(done, {}, world.initial, [1]);
    world.wire.drain();
    expect(world.coordinator.version).toBe(5);
    expect(first.answers.map(({ shard, version }) => [shard, version])).toEqual([
      [0, 1],
      [1, 1],
    ]);
    const slices = first.answers.flatMap(({ slice }) => slice ?? []);
    expect(joinSlices(world.ranges, slices)).toEqual(world.plain()[1]);
  });

  it('[LS15] a repeat so late that the weights of its version are no longer kept brings the newest', () => {
    const world = new World({ shards: 1 });
    world.coordinator.start();
    const [device] = world.readyDevices(1, { unitMs: null });
    world.wire.drain();
    const old = device?.lease;
    for (let unit = 0; unit < 30; unit++) device?.pushNow(device.lease, {}, world.initial);
    device?.pushNow(old, {}, world.initial);
    expect(device?.answers.at(-1)).toMatchObject({ outcome: 'DUPLICATE', first: 'APPLIED', version: 30 });
    expect(device?.answers.at(-1)?.slice).toBeDefined();
  });
});
