import { describe, expect, it } from 'vitest';
import { hasToAsk, leavesLeaseOpen, versionBrought, type PushAnswer } from './asking.ts';
import { OUTCOME_NAMES } from '../../shared/protocol/outcomes.ts';

const applied = (version: number | null): PushAnswer => ({ outcome: 'APPLIED', version });

describe('[LS9] the version that answers bring', () => {
  it('is that of every slice', () => {
    expect(versionBrought([applied(3)], 1)).toBe(3);
    expect(versionBrought([applied(0), applied(0)], 2)).toBe(0);
  });

  it.each<[string, PushAnswer[]]>([
    ['a slice is of another version', [applied(3), applied(4)]],
    ['a slice is missing', [applied(3)]],
    ['a shard answered twice', [applied(3), applied(3), applied(3)]],
    ['one came without weights', [applied(null), applied(3)]],
    ['the last came without weights', [applied(3), applied(null)]],
    ['all came without weights', [applied(null), applied(null)]],
    ['nobody answered', []],
  ])('is none where %s', (_, answers) => {
    expect(versionBrought(answers, 2)).toBeNull();
  });
});

it('[LS18] a worker asks unless the answers brought it weights', () => {
  expect(hasToAsk({ type: 'released' })).toBe(true);
  expect(hasToAsk({ type: 'answered', version: null })).toBe(true);
  expect(hasToAsk({ type: 'answered', version: 0 })).toBe(false);
});

it('[LS18] a lease is over once its push was decided, and with no other answer', () => {
  expect(OUTCOME_NAMES.filter((outcome) => !leavesLeaseOpen(outcome))).toEqual([
    'OK',
    'APPLIED',
    'KEPT',
    'DUPLICATE',
    'STALE',
    'EXPIRED',
    'WITHDRAWN',
    'WRONG_SHAPE',
    'NOT_FINITE',
    'NORM_EXCEEDED',
    'WRONG_UPDATE',
    'BARRED',
  ]);
});
