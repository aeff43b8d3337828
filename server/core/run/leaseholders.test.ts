import { describe, expect, it } from 'vitest';
import { twoDevices } from '../testing/twoDevices.ts';
import { asyncPolicy, bufferedPolicy, LIMITS, syncPolicy } from '../testing/policies.ts';
import { dataShards } from '../testing/testServer.ts';
import { World } from '../testing/world.ts';

describe('several workers', () => {
  const state = ({ world }: { world: World }) => world.crowd.records()[0]?.state;

  it.each([
    ['async', () => asyncPolicy()],
    ['sync', () => syncPolicy()],
    ['buffered', () => bufferedPolicy({ buffer: 1 })],
  ])('[LS8] [LS17] have a lease each and no more, in lanes of their own, %s', (_mode, policy) => {
    const world = new World({ policy: policy() });
    const device = world.device({ unitMs: null, workers: 3 }).join().ready();
    world.coordinator.start();
    device.ready().ready();
    world.wire.drain();
    expect(device.leases).toHaveLength(3);
    expect(new Set(device.leases.map(({ unit }) => unit.seed)).size).toBe(3);
    const other = world.device({ unitMs: null }).join().ready();
    world.wire.drain();
    for (const lease of device.leases.slice(0, 3)) device.pushNow(lease);
    expect(state({ world })).toBe('working');
    expect(device.leases).toHaveLength(6);
    expect(other.leases.length).toBeGreaterThan(0);
    const units = [...device.leases, ...other.leases].map(({ unit }) => `${unit.seed} ${unit.start}`);
    expect(new Set(units).size).toBe(units.length);
  });

  it('[LS8] [LS4] lose all their leases with the connection, and the work is reissued', () => {
    const world = new World();
    const device = world.device({ unitMs: null, workers: 2 }).join().ready();
    world.coordinator.start();
    world.wire.drain();
    const lost = device.leases.map(({ unit }) => unit);
    device.vanish();
    const [heir] = world.readyDevices(1, { unitMs: null, workers: 2 });
    world.wire.drain();
    expect(heir?.leases.map(({ unit }) => unit)).toEqual(lost);
  });

  it('[LS8] may become fewer: a worker that has a lease may do it first', () => {
    const world = new World();
    const device = world.device({ unitMs: null, workers: 3 }).join().ready();
    world.coordinator.start();
    world.wire.drain();
    device.ready(1);
    for (const lease of device.leases.slice(0, 3)) device.pushNow(lease);
    expect(device.outcomes(device.leases[2])).toEqual(['APPLIED', 'APPLIED']);
    expect(device.leases).toHaveLength(4);
    device.pushNow();
    expect(device.leases).toHaveLength(5);
  });

  it('[LS6] [LS8] share their faults: after five in a row none gets work, what is out still counts', () => {
    const world = new World();
    const device = world.device({ unitMs: null, workers: 6 }).join().ready();
    world.coordinator.start();
    world.wire.drain();
    const [good, ...bad] = device.leases;
    for (const lease of bad) device.release(lease);
    device.ready();
    expect(state({ world })).toBe('faulty');
    device.pushNow(good);
    expect(device.outcomes(good)).toEqual(['APPLIED', 'APPLIED']);
    device.ready();
    world.wire.drain();
    expect(device.leases).toHaveLength(6);
  });
});

describe('devices that go', () => {
  it('[LS4] when a connection ends its lease is taken back at once and leased to who waits', () => {
    const { world, first, second } = twoDevices(syncPolicy({ roundSize: 2 }));
    const third = world.device({ unitMs: null }).join().ready();
    const lost = first.lease;
    first.push(lost, {}, first.gradient(), [0]);
    world.wire.drain();
    first.vanish();
    world.wire.drain();
    expect(third.lease.unit).toEqual(lost.unit);
    expect(world.shards.map(({ held }) => held)).toEqual([0, 0]);
    second.pushNow();
    third.pushNow();
    expect(world.coordinator.version).toBe(1);
  });

  it('[LS16] a whole update counts although its device is gone', () => {
    const { world, first, second } = twoDevices(syncPolicy());
    first.pushNow();
    const whole = first.lease.terms.lease;
    first.vanish();
    second.pushNow();
    expect(world.recorder.membersAt(1).map(({ lease }) => lease)).toContain(whole);
    expect(world.parameters).toEqual(world.plain().at(-1));
    expect(world.ledger.unanswered).toBe(0);
  });

  it('[LS4] a device that joins again frees its own lease at once, before it asks for work', () => {
    const { world, first, second } = twoDevices(syncPolicy());
    second.pushNow();
    first.resume();
    world.wire.drain();
    expect(second.outcomes(second.leases[0])).toEqual(['APPLIED', 'APPLIED']);
    expect(world.coordinator.version).toBe(1);
  });

  it('[LS4] a device that leaves gives its lease back and gets no other until it is ready again', () => {
    const { world, first } = twoDevices();
    const lost = first.lease;
    first.leave();
    world.pass(LIMITS.capMs);
    expect(first.leases).toHaveLength(1);
    first.ready();
    world.wire.drain();
    expect(first.leases).toHaveLength(2);
    expect(world.recorder.refused.get(lost.terms.lease)).toBe('WITHDRAWN');
  });
});

describe('releases and faults', () => {
  it('[LS5] a released lease is answered OK once and its work is reissued', () => {
    const { world, first, second } = twoDevices();
    const given = first.lease;
    expect(second.release(given)).toBe('UNKNOWN_LEASE');
    expect(first.release()).toBe('OK');
    expect(first.release()).toBe('UNKNOWN_LEASE');
    first.ready();
    world.wire.drain();
    expect(first.lease.unit).toEqual(given.unit);
    expect(first.lease.terms.lease).not.toBe(given.terms.lease);
  });

  it('[LS5] a release after the push takes the update back, and the round is made without it', () => {
    const { world, first, second } = twoDevices(syncPolicy());
    const taken = first.lease;
    first.pushNow();
    expect(first.release(taken)).toBe('OK');
    second.pushNow();
    expect(first.outcomes(taken)).toEqual(['WITHDRAWN', 'WITHDRAWN']);
    expect(world.recorder.records.map(({ version }) => world.recorder.membersAt(version).length)).toEqual([
      1,
    ]);
    expect(world.parameters).toEqual(world.plain().at(-1));
  });

  it('[LS5] [LS16] an update that outlived its connection can no longer be released', () => {
    const { world, first, second } = twoDevices(syncPolicy());
    const whole = first.lease;
    first.pushNow();
    first.resume().ready();
    expect(first.release(whole)).toBe('UNKNOWN_LEASE');
    second.pushNow();
    expect(world.recorder.applied.has(whole.terms.lease)).toBe(true);
  });

  it('[LS6] five bad updates or releases in a row are the last, whatever the device says then', () => {
    const { world, first } = twoDevices();
    const bad = { values: (values: Float32Array) => values.fill(Infinity) };
    for (let fault = 0; fault < 5; fault++) {
      if (fault % 2 === 0) first.release();
      else first.pushNow(first.lease, bad);
      first.ready();
      world.wire.drain();
    }
    first.leave();
    first.ready();
    world.wire.drain();
    expect(first.leases).toHaveLength(5);
    expect(world.crowd.records().find(({ device }) => device === first.id)?.state).toBe('faulty');
    first.resume().ready();
    world.wire.drain();
    expect(first.leases).toHaveLength(6);
  });

  it('[LS6] an applied update clears the count; the fifth lease in a row that expires is the last', () => {
    const { world, first } = twoDevices();
    const again = () => {
      first.ready();
      world.wire.drain();
    };
    for (let round = 0; round < 3; round++) {
      for (let fault = 0; fault < 4; fault++) {
        first.release();
        again();
      }
      first.pushNow();
    }
    const state = () => world.crowd.records().find(({ device }) => device === first.id)?.state;
    for (let unit = 0; unit < 5; unit++) {
      expect(state()).toBe('working');
      world.clock.advance(LIMITS.capMs);
      again();
    }
    expect(state()).toBe('faulty');
  });

  it('[LS2] a device that lets leases expire for a whole day harms no lease but its own', () => {
    const { world, first, second } = twoDevices();
    second.pushNow();
    first.pushNow();
    for (let unit = 0; unit < 3000; unit++) {
      // Every fifth it does, or it would get no more.
      if (unit % 5 === 4) first.pushNow();
      world.clock.advance(LIMITS.capMs);
      first.ready();
      world.wire.drain();
      expect(first.lease.remainingMs).toBeLessThanOrEqual(LIMITS.capMs);
    }
    first.pushNow();
    for (let unit = 0; unit < 12; unit++) first.pushNow();
    expect(first.lease.remainingMs).toBeLessThan(LIMITS.capMs);
  });
});

it('[UN12] the unit of a lost lease comes back with the same order and data shard, for any device', () => {
  const { world, first, second } = twoDevices(syncPolicy());
  expect(dataShards(7)).toContainEqual(first.lease.unit.dataShard);
  const lost = first.lease;
  const third = world.device({ unitMs: null }).join().ready();
  first.vanish();
  world.wire.drain();
  expect(third.lease.unit).toEqual(lost.unit);
  expect(third.lease.unit).not.toEqual(second.lease.unit);
});
