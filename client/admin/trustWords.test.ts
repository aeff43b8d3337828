import { expect, it } from 'vitest';
import type { TrustRecord } from '../../shared/protocol/trust.ts';
import { describeEvidence } from './trustWords.ts';

const record = (changes: Partial<TrustRecord>): TrustRecord => ({
  state: 'new',
  vouched: false,
  audits: { right: 0, wrong: 0, unclear: 0 },
  rightInRow: 0,
  wrongSinceTrusted: 0,
  faults: 0,
  doubt: 0,
  cause: null,
  ...changes,
});

it('[AD30] says what is known of how honest a device is', () => {
  expect(describeEvidence(record({}))).toBe('not checked yet');
  expect(describeEvidence(record({ vouched: true, audits: { right: 1, wrong: 0, unclear: 0 } }))).toBe(
    'showed the join credential; checked 1 time: 1 right',
  );
  expect(
    describeEvidence(
      record({
        audits: { right: 12, wrong: 2, unclear: 3 },
        faults: 2,
        cause: { by: 'server', why: 'its update is 1.4 times its own length off' },
      }),
    ),
  ).toBe(
    'checked 17 times: 12 right, 2 wrong, 3 undecided; 2 bad updates; its update is 1.4 times its own length off',
  );
});
