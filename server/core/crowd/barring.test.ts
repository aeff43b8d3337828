import { describe, expect, it } from 'vitest';
import { syncPolicy } from '../testing/policies.ts';
import { twoDevices } from '../testing/twoDevices.ts';
import { World } from '../testing/world.ts';
import type { TrustChange } from './crowd.ts';

const stateOf = (world: World, id: string) => world.crowd.get(id)?.trust;

describe('a device that is barred', () => {
  it('[TS7] loses its leases, and its complete updates do not count; the work is reissued', () => {
    const { world, first, second } = twoDevices(syncPolicy());
    const { lease } = first;
    first.pushNow();
    expect(world.crowd.bar(first.id, 'two audits found its work wrong')).toBe(true);
    second.pushNow();
    world.pass(30_000);
    expect(world.coordinator.updates).toBe(1);
    expect(world.recorder.applied.has(lease.terms.lease)).toBe(false);
    expect(first.outcomes(lease)).toEqual(['BARRED', 'BARRED']);
    expect(second.leases.length).toBeGreaterThan(1);
    expect(world.ledger.unanswered).toBe(0);
  });

  it('[TS7] [LS10] also those that wait for their round while its workers do more', () => {
    const { world, first, second } = twoDevices(syncPolicy({ roundSize: 2 }));
    const whole = first.lease;
    first.pushNow();
    second.release();
    second.leave();
    world.wire.drain();
    expect(first.outcomes(whole)).toContain('KEPT');
    world.crowd.bar(first.id, 'two audits found its work wrong');
    second.ready();
    world.pass(0);
    second.pushNow();
    world.pass(60_000);
    expect(world.recorder.applied.has(whole.terms.lease)).toBe(false);
  });

  it('[TS8] has its connection closed and may not join under its id, even with the credential', () => {
    const { world, first } = twoDevices();
    world.crowd.bar(first.id, 'it sent noise', 'admin');
    expect(first.barred).toBe(1);
    expect(world.crowd.size).toBe(1);
    const resume = { device: first.id, token: first.joined?.token ?? '' };
    expect(world.device({ vouched: true }).join(resume).joined).toBeNull();
    expect(world.crowd.records().find(({ device }) => device === first.id)).toMatchObject({
      state: 'gone',
      trust: { state: 'barred', cause: { by: 'admin', why: 'it sent noise' } },
    });
  });

  it('[TS9] may join again once it is pardoned', () => {
    const { world, first } = twoDevices();
    world.crowd.bar(first.id, 'it sent noise', 'admin');
    expect(world.crowd.pardon(first.id, 'it was mended', 'admin')).toBe(true);
    first.resume().ready();
    world.wire.drain();
    expect(stateOf(world, first.id)).toBe('new');
    expect(first.leases).toHaveLength(2);
  });

  it('[TS3] [TS10] two wrong audits bar it, and each change is told with its reason', () => {
    const { world, first } = twoDevices();
    const changes: TrustChange[] = [];
    world.crowd.watchTrust((change) => changes.push(change));
    world.crowd.audited(first.id, 'unclear', 'it is 0.3 times its own length off');
    world.crowd.audited(first.id, 'right', 'it is what the unit gives');
    expect(changes).toEqual([]);
    world.crowd.audited(first.id, 'wrong', 'one reason');
    world.crowd.audited(first.id, 'wrong', 'another');
    expect(changes.map(({ device, from, to }) => [device, from.state, to.state, to.cause])).toEqual([
      [first.id, 'new', 'suspected', { by: 'server', why: 'one reason' }],
      [first.id, 'suspected', 'barred', { by: 'server', why: 'another' }],
    ]);
    expect(first.barred).toBe(1);
  });

  it('[TS7] nobody is barred who is not known', () => {
    const world = new World();
    expect(world.crowd.bar('0123456789ab', 'it sent noise')).toBe(false);
    expect(world.crowd.pardon('0123456789ab', 'it was mended')).toBe(false);
    world.crowd.audited('0123456789ab', 'wrong', 'one reason');
  });
});

describe('faults', () => {
  it('[TS6] bad updates make a device suspected, whatever connection it sends them on', () => {
    const { world, first } = twoDevices();
    for (let fault = 0; fault < 5; fault++) {
      expect(stateOf(world, first.id)).toBe('new');
      first.pushNow(first.lease, { values: (values) => values.fill(NaN) });
      first.resume().ready();
      world.wire.drain();
    }
    expect(stateOf(world, first.id)).toBe('suspected');
  });

  it('[TS11] are remembered when a device joins again: one more sets it aside, an applied update forgets them', () => {
    const { world, first } = twoDevices();
    const state = () => world.crowd.records().find(({ device }) => device === first.id)?.state;
    const fault = () => {
      first.release();
      first.ready();
      world.wire.drain();
    };
    for (let count = 0; count < 5; count++) fault();
    expect(state()).toBe('faulty');
    first.resume().ready();
    world.wire.drain();
    expect(state()).toBe('working');
    fault();
    expect(state()).toBe('faulty');
    first.resume().ready();
    world.wire.drain();
    first.pushNow();
    for (let count = 0; count < 4; count++) fault();
    expect(state()).toBe('working');
  });
});
