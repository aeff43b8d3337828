import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asyncPolicy, bufferedPolicy, LIMITS, syncPolicy } from '../testing/policies.ts';
import { AsyncPolicy } from './async.ts';
import type { Policy, ReadyWorker } from './policy.ts';
import type { StalenessWeight } from './staleness.ts';

const ready = (...seats: number[]): ReadyWorker[] =>
  seats.map((seat) => ({ device: `d${seat}`, seat, unitMs: null, isBounded: false, voices: Infinity }));

describe('async', () => {
  it('[PO2] each update is a commit as it comes, counted by (1 + staleness)^-1, its root, or 1', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(64), (baseUpdates, staleness) => {
        const update = { lease: 7, baseUpdates, samples: 32 };
        const weigh = (kind: StalenessWeight) =>
          new AsyncPolicy({ staleness: kind, maxStaleness: 64, limits: LIMITS }).completed(
            update,
            baseUpdates + staleness,
          );
        expect(weigh('none')).toEqual([{ type: 'commit', members: [{ lease: 7, ageFactor: 1 }] }]);
        for (const [kind, exponent] of [
          ['sqrt', -0.5],
          ['inverse', -1],
        ] as const) {
          const [decision] = weigh(kind);
          const given = decision?.type === 'commit' ? (decision.members[0]?.ageFactor ?? 0) : 0;
          expect(Math.abs(given - Math.fround((1 + staleness) ** exponent))).toBeLessThanOrEqual(2 ** -24);
          expect(Math.fround(given)).toBe(given);
        }
      }),
    );
  });

  it('[PO7] beyond the bound an update is STALE, and its work is not done again', () => {
    const policy = asyncPolicy(3);
    const [assignment] = policy.assign(ready(0));
    if (assignment !== undefined) policy.granted(1, assignment);
    expect(policy.completed({ lease: 1, baseUpdates: 10, samples: 32 }, 13)).toMatchObject([
      { type: 'commit' },
    ]);
    expect(policy.completed({ lease: 1, baseUpdates: 10, samples: 32 }, 14)).toEqual([
      { type: 'refuse', lease: 1, outcome: 'STALE' },
    ]);
    policy.ended(1);
    expect(policy.assign(ready(0))[0]?.key).toEqual({ lane: 0, step: 1 });
  });

  it('[UN2] each seat walks a lane of its own, and lost work comes first', () => {
    const policy = asyncPolicy();
    const first = policy.assign(ready(0, 4));
    first.forEach((assignment, index) => policy.granted(index + 1, assignment));
    expect(first.map(({ key }) => key)).toEqual([
      { lane: 0, step: 0 },
      { lane: 4, step: 0 },
    ]);
    policy.ended(2);
    expect(policy.assign(ready(0, 4)).map(({ key }) => key)).toEqual([
      { lane: 4, step: 0 },
      { lane: 4, step: 1 },
    ]);
  });

  it('[RN4] a stop keeps the work that was out', () => {
    const policy = asyncPolicy();
    policy.assign(ready(2)).forEach((assignment) => policy.granted(1, assignment));
    policy.reset();
    expect(policy.assign(ready(0))[0]?.key).toEqual({ lane: 2, step: 0 });
  });
});

/** Plays calls on a policy; what it answered. */
function played(policy: Policy, calls: [string, number][]): unknown[] {
  let lease = 0;
  return calls.map(([call, value]) => {
    switch (call) {
      case 'assign': {
        const given = policy.assign(
          ready(...Array.from({ length: value % 4 }, (_, seat) => seat)),
          value,
          value * 100,
          { present: value, waiting: value, able: () => value },
        );
        given.forEach((assignment) => policy.granted(++lease, assignment));
        return given;
      }
      case 'whole':
        return policy.completed({ lease: value, baseUpdates: 0, samples: 1 + value }, value);
      case 'gone':
        policy.ended(value);
        return null;
      case 'reset':
        policy.reset();
        return null;
      default:
        return [policy.settle(value * 100, true), policy.wakeAt()];
    }
  });
}

it('[PO1] the same calls give the same answers', () => {
  const call = fc.tuple(fc.constantFrom('assign', 'whole', 'gone', 'settle', 'reset'), fc.nat(20));
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      expect(played(asyncPolicy(8), calls)).toEqual(played(asyncPolicy(8), calls));
      expect(played(syncPolicy(), calls)).toEqual(played(syncPolicy(), calls));
      expect(played(syncPolicy({ roundSize: 2 }), calls)).toEqual(
        played(syncPolicy({ roundSize: 2 }), calls),
      );
      expect(played(bufferedPolicy({ buffer: 3 }), calls)).toEqual(
        played(bufferedPolicy({ buffer: 3 }), calls),
      );
    }),
  );
});
