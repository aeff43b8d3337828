import { describe, expect, it } from 'vitest';
import { refusal } from './messages.ts';
import { OUTCOME_NAMES, OUTCOMES } from './outcomes.ts';

describe('the outcomes', () => {
  it('[PR10] are this closed set', () => {
    expect(OUTCOME_NAMES).toEqual([
      ...[
        'OK',
        'APPLIED',
        'KEPT',
        'DUPLICATE',
        'STALE',
        'EXPIRED',
        'WITHDRAWN',
        'UNKNOWN_LEASE',
        'WRONG_SHAPE',
        'NOT_FINITE',
      ],
      ...[
        'NORM_EXCEEDED',
        'WRONG_UPDATE',
        'VERSION_GONE',
        'UNAVAILABLE',
        'CORRUPT',
        'MALFORMED',
        'BUSY',
        'NOT_JOINED',
        'WRONG_PROTOCOL',
        'REFUSED',
      ],
      ...['FULL', 'BARRED', 'REPLACED', 'TOO_SLOW', 'TOO_MANY_FAULTS'],
    ]);
  });

  it.each(Object.entries(OUTCOMES))(
    '[PR10] %s says in a sentence what it means and what comes next',
    (_name, row) => {
      expect(row.means).toMatch(/^[A-Z].{10,}\.$/);
      expect(row.next).toMatch(/^[A-Z].+\.$/);
    },
  );

  it('[PR10] are what an answer may say, and nothing else', () => {
    for (const outcome of OUTCOME_NAMES) expect(refusal.safeParse({ outcome }).success).toBe(true);
    for (const outcome of ['ok', 'toString', '', 7, null])
      expect(refusal.safeParse({ outcome }).success).toBe(false);
  });
});
