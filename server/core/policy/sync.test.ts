import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS, syncPolicy } from '../testing/policies.ts';
import type { LeaseGrant, ReadyWorker } from './policy.ts';
import type { SyncPolicy, SyncSettings } from './sync.ts';

const devices = (count: number, unitMs: number | null = null): ReadyWorker[] =>
  Array.from({ length: count }, (_, seat) => ({
    device: `d${seat}`,
    seat,
    unitMs,
    isBounded: false,
    voices: Infinity,
  }));

/** Of the workers that are ready and no others. */
const assign = (policy: SyncPolicy, ready: ReadyWorker[], version: number, now: number) => {
  const { length } = ready;
  const crowd = { present: length, waiting: length, able: () => length };
  return policy.room(crowd, now) === 0 ? [] : policy.assign(ready, version, now, crowd);
};

/** Opens a round for so many devices at time 0 and grants leases 1, 2, ... */
function opened(count: number, settings: Partial<SyncSettings> = {}) {
  const policy = syncPolicy(settings);
  return { policy, assignments: granted(policy, assign(policy, devices(count), 5, 0), 1) };
}

function granted(policy: SyncPolicy, assignments: LeaseGrant[], firstLease: number): LeaseGrant[] {
  assignments.forEach((assignment, index) => policy.granted(firstLease + index, assignment));
  return assignments;
}

const whole = (policy: SyncPolicy, lease: number, samples = 32) =>
  policy.completed({ lease, baseUpdates: 5, samples });

describe('sync', () => {
  it('[PO3] a round is one commit of its updates in slot order, in whatever order they came', () => {
    const { policy, assignments } = opened(3);
    expect(assignments.map(({ key }) => key)).toEqual([0, 1, 2].map((lane) => ({ lane, step: 5 })));
    for (const lease of [3, 1]) expect([...whole(policy, lease), ...policy.settle(1, true)]).toEqual([]);
    whole(policy, 2);
    expect(policy.settle(1, true)).toEqual([
      { type: 'commit', members: [1, 2, 3].map((lease) => ({ lease, ageFactor: 1 })) },
    ]);
    expect(policy.settle(1, true)).toEqual([]);
  });

  it('[PO9] a lost slot is reissued within the round, to the same key', () => {
    const { policy, assignments } = opened(2);
    policy.ended(1);
    const [again, ...others] = granted(policy, assign(policy, devices(3).slice(2), 5, 10), 3);
    expect(others).toEqual([]);
    expect(again).toMatchObject({ device: 'd2', key: assignments[0]?.key });
    for (const lease of [2, 3]) whole(policy, lease);
    expect(policy.settle(20, true)).toMatchObject([{ members: [{ lease: 3 }, { lease: 2 }] }]);
  });

  it('[PO3] where nobody can take the lost slot the round does not wait for its deadline', () => {
    const { policy } = opened(3);
    for (const lease of [1, 2]) whole(policy, lease);
    expect(policy.settle(10, true)).toEqual([]);
    policy.ended(3);
    expect(policy.settle(10, true)).toMatchObject([{ members: [{ lease: 1 }, { lease: 2 }] }]);
  });

  it('[PO21] a round of all has no more updates than a commit may have, and the next is of the others first', () => {
    const policy = syncPolicy({ mostUpdates: 2 });
    expect(assign(policy, devices(3), 5, 0).map(({ device }) => device)).toEqual(['d0', 'd1']);
  });

  it('[PO10] at the deadline the round commits with what there is; a late update is EXPIRED', () => {
    const { policy, assignments } = opened(2);
    whole(policy, 2);
    const deadline = policy.wakeAt() ?? 0;
    expect(deadline).toBe(2 * LIMITS.capMs);
    expect(policy.settle(deadline - 1, true)).toEqual([]);
    expect(policy.settle(deadline, true)).toMatchObject([{ members: [{ lease: 2, ageFactor: 1 }] }]);
    expect(whole(policy, 1)).toEqual([{ type: 'refuse', lease: 1, outcome: 'EXPIRED' }]);
    expect(assign(policy, devices(1), 6, deadline)[0]?.key).toEqual(assignments[0]?.key);
  });

  it('[PO3] a round that got nothing by its deadline is opened again at once for who is there', () => {
    const { policy, assignments } = opened(1);
    const deadline = policy.wakeAt() ?? 0;
    policy.ended(1);
    const [again] = assign(policy, devices(1), 5, deadline);
    expect(again).toEqual(assignments[0]);
  });

  it('[PO3] a release after the push empties the slot', () => {
    const { policy } = opened(2);
    whole(policy, 1);
    policy.ended(1);
    whole(policy, 2);
    expect(policy.settle(1, true)).toMatchObject([{ members: [{ lease: 2, ageFactor: 1 }] }]);
  });

  it('[PO3] a stop forgets the round but not its work, and no unit is given out twice', () => {
    const { policy } = opened(3);
    policy.settle(2 * LIMITS.capMs, true);
    granted(policy, assign(policy, devices(1), 5, 30_000), 4);
    policy.reset();
    expect(policy.wakeAt()).toBeNull();
    const keys = assign(policy, devices(4), 5, 40_000).map(({ key }) => key.lane);
    expect(keys).toEqual([0, 1, 2, 3]);
  });

  it('[UN12] lost work takes the place of no other: every lane goes on with the step after its last', () => {
    const { policy } = opened(3);
    policy.ended(3);
    for (const lease of [1, 2]) whole(policy, lease);
    expect(policy.settle(2 * LIMITS.capMs, true)).toHaveLength(1);
    const keys = (round: number) =>
      granted(policy, assign(policy, devices(3), 5 + round, 100_000 * round), 10 * round).map(
        ({ key }) => key,
      );
    expect(keys(1)).toEqual([
      { lane: 2, step: 5 },
      { lane: 1, step: 6 },
      { lane: 2, step: 6 },
    ]);
    for (const lease of [10, 11, 12]) whole(policy, lease);
    policy.settle(100_001, true);
    expect(keys(2)).toEqual([
      { lane: 0, step: 6 },
      { lane: 1, step: 7 },
      { lane: 2, step: 7 },
    ]);
  });

  it('[PO5] a round of fixed size waits for its devices no longer than the longest lease', () => {
    const policy = syncPolicy({ roundSize: 3 });
    expect(assign(policy, devices(2), 5, 100)).toEqual([]);
    expect(policy.wakeAt()).toBe(100 + LIMITS.capMs);
    expect(assign(policy, devices(2), 5, 99 + LIMITS.capMs)).toEqual([]);
    granted(policy, assign(policy, devices(2), 5, 100 + LIMITS.capMs), 1);
    for (const lease of [1, 2]) whole(policy, lease);
    expect(policy.settle(101 + LIMITS.capMs, true)).toMatchObject([
      { members: [{ lease: 1 }, { lease: 2 }] },
    ]);
  });

  it('[PO5] a round of fixed size opens as soon as its devices are there, with no more of them', () => {
    const policy = syncPolicy({ roundSize: 2 });
    assign(policy, devices(1), 5, 0);
    expect(assign(policy, devices(3), 5, 1).map(({ device }) => device)).toEqual(['d0', 'd1']);
  });

  it('[PO14] a round of fixed size does not wait for workers that are here without an allocation', () => {
    const opens = (size: number, count: number, able: number, withoutAllocation: number) =>
      syncPolicy({ roundSize: size }).assign(devices(count), 5, 0, {
        present: able + withoutAllocation,
        waiting: count,
        able: () => able,
      }).length;
    expect(opens(4, 1, 1, 3)).toBe(1);
    expect(opens(4, 3, 4, 2)).toBe(0);
    expect(opens(4, 4, 4, 2)).toBe(4);
    expect(opens(4, 1, 1, 2)).toBe(0);
    expect(opens(4, 2, 2, 2)).toBe(2);
    expect(opens(2, 1, 0, 5)).toBe(1);
  });

  it('[PO12] [PO5] no round waits beyond its deadline, whatever happens', () => {
    const event = fc.tuple(fc.constantFrom('whole', 'gone', 'assign'), fc.nat(8), fc.nat(4000));
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 40 }),
        fc.constantFrom('all' as const, 1, 2, 3),
        (events, roundSize) => {
          const policy = syncPolicy({ roundSize });
          let now = 0;
          let version = 0;
          let lastLease = 0;
          let openedAt = -1;
          const out = new Set<number>();
          for (const [kind, which, passed] of events) {
            now += passed;
            const lease = [...out][which % Math.max(1, out.size)];
            if (kind === 'assign') {
              const given = granted(policy, assign(policy, devices(which, 200), version, now), lastLease + 1);
              if (given.length > 0 && openedAt < 0) openedAt = now;
              for (const { leaseMs } of given)
                expect(now + leaseMs).toBeLessThanOrEqual(policy.wakeAt() ?? 0);
              for (let id = lastLease + 1; id <= lastLease + given.length; id++) out.add(id);
              lastLease += given.length;
            } else if (lease !== undefined) {
              out.delete(lease);
              if (kind === 'whole') whole(policy, lease);
              else policy.ended(lease);
            }
            const commits = policy.settle(now, true).length;
            version += commits;
            if (commits > 0 || policy.wakeAt() === null) openedAt = -1;
            if (openedAt >= 0) expect(now).toBeLessThan(openedAt + 2 * LIMITS.capMs);
          }
        },
      ),
    );
  });
});
