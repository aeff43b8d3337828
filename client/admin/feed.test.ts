import { expect, it } from 'vitest';
import { snapshotOf } from '../../server/terminal/testing/snapshot.ts';
import { isOlder } from './feed.ts';

it('[AD12] tells which of two snapshots of an incarnation is the older', () => {
  const first = snapshotOf({}, { sequence: 1 });
  const second = snapshotOf({}, { sequence: 2 });
  expect(isOlder(first, second)).toBe(true);
  expect(isOlder(second, first)).toBe(false);
  expect(isOlder(first, null)).toBe(false);
  // A server that started anew counts from the beginning.
  expect(isOlder(snapshotOf({}, { incarnation: 'feedc0de', sequence: 0 }), second)).toBe(false);
});
