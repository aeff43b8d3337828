import { expect, it } from 'vitest';
import { createAggregation, ALL_EQUAL } from './aggregation.ts';
import { RULE_SETTINGS } from './testing/joined.ts';

const UPDATES = [
  { device: 'trusted', samples: 480, isBounded: false },
  { device: 'trusted', samples: 480, isBounded: false },
  { device: 'new', samples: 100, isBounded: true },
  { device: 'new', samples: 300, isBounded: true },
  { device: 'other', samples: 480, isBounded: true },
];

it('[TS19] the updates of a bounded device in a commit count together as one of them does', () => {
  expect(createAggregation('mean', RULE_SETTINGS).samples(UPDATES)).toEqual([480, 480, 50, 150, 480]);
});

it('[TS18] in a repeatable run every update counts by its samples', () => {
  expect(createAggregation('mean', RULE_SETTINGS, ALL_EQUAL).samples(UPDATES)).toEqual(
    UPDATES.map(({ samples }) => samples),
  );
});
