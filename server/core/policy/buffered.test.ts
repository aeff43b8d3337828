import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bufferedPolicy, LIMITS } from '../testing/policies.ts';
import type { BufferedPolicy, BufferedSettings } from './buffered.ts';
import type { LeaseGrant, ReadyWorker } from './policy.ts';

const workers = (count: number, isBounded = false): ReadyWorker[] =>
  Array.from({ length: count }, (_, seat) => {
    const voices = isBounded ? 1 : Infinity;
    return { device: `d${seat}`, seat, unitMs: null, isBounded, voices };
  });

/** Offers work to these of the workers that are present. */
const assign = (policy: BufferedPolicy, ready: ReadyWorker[], present = ready.length) => {
  policy.room({ present, waiting: ready.length, able: () => present });
  return policy.assign(ready);
};

/** Grants leases from this one on to so many workers. */
function granted(policy: BufferedPolicy, count: number, firstLease = 1): LeaseGrant[] {
  const grants = assign(policy, workers(count));
  grants.forEach((grant, index) => policy.granted(firstLease + index, grant));
  return grants;
}

/** With leases 1, 2, ... for so many workers. */
function opened(count: number, settings: Partial<BufferedSettings> = {}) {
  const policy = bufferedPolicy(settings);
  return { policy, grants: granted(policy, count) };
}

/** Has each of these workers send an update, and grants leases 1, 2, ... to them afterwards. */
function heard(policy: BufferedPolicy, ready: ReadyWorker[]): LeaseGrant[] {
  assign(policy, ready).forEach((grant, index) => policy.granted(1000 + index, grant));
  const leases = ready.map((_, index) => 1000 + index);
  for (const lease of leases) complete(policy, lease);
  for (const lease of leases) policy.ended(lease);
  const grants = assign(policy, ready);
  grants.forEach((grant, index) => policy.granted(1 + index, grant));
  return grants;
}

const complete = (policy: BufferedPolicy, lease: number, staleness = 0) =>
  policy.completed({ lease, baseUpdates: 0, samples: 32 }, staleness);

const kept = (lease: number) => [{ type: 'keep', lease }];
const commitOf = (...leases: number[]) => [
  { type: 'commit', members: leases.map((lease) => ({ lease, ageFactor: 1 })) },
];

describe('buffered', () => {
  it('[PO15] commits the first K updates that are complete, in their order, and lets the workers of the others go', () => {
    const { policy } = opened(5, { buffer: 3 });
    expect(complete(policy, 4)).toEqual(kept(4));
    expect(complete(policy, 2)).toEqual(kept(2));
    expect(policy.settle(1, true)).toEqual([]);
    expect(complete(policy, 5)).toEqual(commitOf(4, 2, 5));
    expect(policy.wakeAt()).toBeNull();
    expect(complete(policy, 1)).toEqual(kept(1));
  });

  it('[PO17] has, where no size is given, a buffer of 0.3 times the workers, rounded up, and of four at least', () => {
    for (const [count, size] of [
      [4, 4],
      [13, 4],
      [14, 5],
      [25, 8],
    ] as const) {
      const policy = bufferedPolicy();
      granted(policy, count);
      const kinds = Array.from({ length: size }, (_, index) => complete(policy, index + 1)[0]?.type);
      expect(kinds).toEqual([...Array.from({ length: size - 1 }, () => 'keep'), 'commit']);
    }
  });

  it('[PO17] has a buffer of three quarters of the devices that nobody vouches for, and of no more than there are', () => {
    for (const [count, size] of [
      [1, 1],
      [3, 3],
      [10, 8],
      [25, 19],
    ] as const) {
      const policy = bufferedPolicy();
      heard(policy, workers(count, true));
      const kinds = Array.from({ length: size }, (_, index) => complete(policy, index + 1)[0]?.type);
      expect(kinds).toEqual([...Array.from({ length: size - 1 }, () => 'keep'), 'commit']);
    }
  });

  it('[PO17] [PO19] the updates of a device that earned two voices are two of a buffer, whatever it sends', () => {
    const policy = bufferedPolicy();
    // Eight workers of one device and one each of six others: eight voices, of which a buffer takes three quarters.
    const crew = workers(14).map((worker, index) =>
      index < 8 ? { ...worker, device: 'busy', voices: 2 } : { ...worker, voices: 1 },
    );
    heard(policy, crew);
    for (let lease = 1; lease <= 11; lease++) expect(complete(policy, lease)).toEqual(kept(lease));
    expect(complete(policy, 12)[0]?.type).toBe('commit');
  });

  it('[PO19] one bounded device fills no buffer, however much it sends', () => {
    const policy = bufferedPolicy({ mostUpdates: 12 });
    const [busy] = heard(policy, workers(4, true));
    if (busy === undefined) throw new Error('there are grants');
    for (let lease = 11; lease <= 19; lease++) {
      policy.granted(lease, busy);
      expect(complete(policy, lease)).toEqual(kept(lease));
    }
    expect(complete(policy, 2)).toEqual(kept(2));
    expect(complete(policy, 3)).toEqual(kept(3));
    expect(complete(policy, 4)).toMatchObject([{ type: 'commit' }]);
  });

  it('[PO17] counts bounded devices that get no work for now', () => {
    const policy = bufferedPolicy();
    heard(policy, workers(10, true));
    for (let lease = 1; lease <= 7; lease++) expect(complete(policy, lease)).toEqual(kept(lease));
    assign(policy, [], 10);
    expect(policy.settle(1, true)).toEqual([]);
    expect(complete(policy, 8)).toEqual(commitOf(1, 2, 3, 4, 5, 6, 7, 8));
  });

  it('[PO24] strangers that sent nothing yet make no buffer that the others cannot fill', () => {
    const policy = bufferedPolicy();
    const honest = workers(8, true);
    heard(policy, honest);
    const silent = workers(40, true).slice(8);
    assign(policy, silent, 40).forEach((grant, index) => policy.granted(101 + index, grant));
    const kinds = Array.from({ length: 8 }, (_, index) => complete(policy, 1 + index)[0]?.type);
    expect(kinds.at(-1)).toBe('commit');
  });

  it('[PO24] the first of all strangers commit when there are three', () => {
    const policy = bufferedPolicy();
    assign(policy, workers(10, true)).forEach((grant, index) => policy.granted(1 + index, grant));
    expect([1, 2, 3].map((lease) => complete(policy, lease)[0]?.type)).toEqual(['keep', 'keep', 'commit']);
  });

  it('[PO21] a buffer is committed when it has as many updates as a commit may have', () => {
    const policy = bufferedPolicy({ mostUpdates: 3 });
    const [busy, ...others] = assign(policy, workers(4, true));
    if (busy === undefined) throw new Error('there are grants');
    others.forEach((grant, index) => policy.granted(101 + index, grant));
    for (const lease of [1, 2, 3]) policy.granted(lease, busy);
    expect([1, 2, 3].map((lease) => complete(policy, lease)[0]?.type)).toEqual(['keep', 'keep', 'commit']);
  });

  it('[PO17] where workers go, a buffer that is large enough for the others is committed', () => {
    const { policy } = opened(25);
    for (const lease of [1, 2, 3, 4]) complete(policy, lease);
    expect(policy.settle(1, true)).toEqual([]);
    assign(policy, [], 3);
    expect(policy.settle(1, true)).toEqual(commitOf(1, 2, 3, 4));
  });

  it('[PO18] each update weighs by its own staleness, and beyond the bound it is STALE', () => {
    const { policy, grants } = opened(3, { buffer: 2, maxStaleness: 3 });
    complete(policy, 1, 3);
    expect(complete(policy, 2, 4)).toEqual([{ type: 'refuse', lease: 2, outcome: 'STALE' }]);
    policy.ended(2);
    expect(complete(policy, 3, 1)).toEqual([
      {
        type: 'commit',
        members: [
          { lease: 1, ageFactor: 0.25 },
          { lease: 3, ageFactor: 0.5 },
        ],
      },
    ]);
    const keys = granted(policy, 3, 4).map(({ key }) => key);
    for (const { key } of grants) expect(keys).not.toContainEqual(key);
  });

  it('[PO16] half a buffer is committed when its first update has waited for the longest lease, and less never', () => {
    const { policy } = opened(4);
    complete(policy, 1);
    expect(policy.settle(500, true)).toEqual([]);
    expect(policy.wakeAt()).toBeNull();
    expect(policy.settle(500 + 2 * LIMITS.capMs, true)).toEqual([]);
    complete(policy, 2);
    expect(policy.settle(500 + 2 * LIMITS.capMs, true)).toEqual(commitOf(1, 2));

    complete(policy, 3);
    complete(policy, 4);
    expect(policy.settle(40_000, true)).toEqual([]);
    expect(policy.wakeAt()).toBe(40_000 + LIMITS.capMs);
    expect(policy.settle(40_000 + LIMITS.capMs - 1, true)).toEqual([]);
    expect(policy.settle(40_000 + LIMITS.capMs, true)).toEqual(commitOf(3, 4));
    expect(policy.wakeAt()).toBeNull();
  });

  it('[PO16] half a buffer is committed when a paused run has nothing out any more', () => {
    const { policy } = opened(3);
    complete(policy, 1);
    complete(policy, 2);
    expect(policy.settle(1, false)).toEqual([]);
    policy.ended(3);
    expect(policy.settle(1, true)).toEqual([]);
    expect(policy.settle(1, false)).toEqual(commitOf(1, 2));
  });

  it('[PO15] an update that waits counts once, however often it is told of', () => {
    const { policy } = opened(2, { buffer: 2 });
    complete(policy, 1);
    expect(complete(policy, 1)).toEqual([]);
    expect(complete(policy, 2)).toEqual(commitOf(1, 2));
  });

  it('[RN4] a stop keeps the work that was out and that waited', () => {
    const { policy, grants } = opened(3);
    complete(policy, 2);
    policy.reset();
    expect(policy.wakeAt()).toBeNull();
    expect(assign(policy, workers(3)).map(({ key }) => key)).toEqual(grants.map(({ key }) => key));
  });

  it('[PO15] [PO16] no update counts twice, none that ended counts, and none waits beyond its time', () => {
    const event = fc.tuple(fc.constantFrom('complete', 'gone', 'assign', 'pass'), fc.nat(8), fc.nat(4000));
    const buffers = fc.constantFrom('auto' as const, 1, 2, 5);
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), buffers, (events, buffer) => {
        const policy = bufferedPolicy({ buffer });
        const out = new Set<number>();
        const waiting = new Set<number>();
        let now = 0;
        let last = 0;
        for (const [kind, which, passed] of events) {
          const wakeAt = policy.wakeAt() ?? Infinity;
          now = Math.min(now + passed, Math.max(now, wakeAt));
          const lease = [...out, ...waiting][which % Math.max(1, out.size + waiting.size)];
          const decisions = [];
          if (kind === 'assign') {
            granted(policy, which, last + 1).forEach(() => out.add(++last));
          } else if (kind === 'gone' && lease !== undefined) {
            out.delete(lease);
            waiting.delete(lease);
            policy.ended(lease);
          } else if (kind === 'complete' && lease !== undefined) {
            out.delete(lease);
            waiting.add(lease);
            decisions.push(...complete(policy, lease));
          }
          decisions.push(...policy.settle(now, true));
          for (const decision of decisions) {
            if (decision.type !== 'commit') continue;
            for (const member of decision.members) expect(waiting.delete(member.lease)).toBe(true);
          }
          expect(policy.wakeAt() ?? Infinity).toBeGreaterThan(now);
          expect(waiting.size).toBeLessThan(buffer === 'auto' ? 4 : buffer);
        }
      }),
    );
  });
});
