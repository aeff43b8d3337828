import { expect, it } from 'vitest';
import { createAggregation, ALL_EQUAL } from './aggregation.ts';
import { RULE_SETTINGS } from './testing/joined.ts';
import { samplesByVoice } from './voices.ts';

const UPDATES = [
  { device: 'vouched', samples: 480, voices: Infinity },
  { device: 'vouched', samples: 480, voices: Infinity },
  { device: 'new', samples: 100, voices: 1 },
  { device: 'new', samples: 300, voices: 1 },
  { device: 'other', samples: 480, voices: 1 },
];

it('[TS19] the updates of a device in a commit count together as many as it has voices', () => {
  expect(createAggregation('mean', RULE_SETTINGS).samples(UPDATES)).toEqual([480, 480, 50, 150, 480]);
  const earned = [1, 2, 3, 4].map(() => ({ device: 'earned', samples: 100, voices: 2 }));
  expect(samplesByVoice(earned)).toEqual([50, 50, 50, 50]);
  expect(samplesByVoice(earned.slice(0, 2))).toEqual([100, 100]);
});

it('[TS19] no update of a device that nobody vouches for counts more than two usual ones', () => {
  const slow = ['a', 'b', 'c'].map((device) => ({ device, samples: 100, voices: 1 }));
  const fast = { device: 'fast', samples: 960, voices: 1 };
  expect(samplesByVoice([...slow, fast])).toEqual([100, 100, 100, 200]);
  expect(samplesByVoice([...slow, { ...fast, voices: Infinity }])).toEqual([100, 100, 100, 960]);
  // Of one that sends most updates the others say what is usual.
  const many = Array.from({ length: 6 }, () => ({ ...fast, voices: 6 }));
  expect(samplesByVoice([...slow, ...many]).slice(3)).toEqual(many.map(() => 200));
});

it('[TS18] in a repeatable run every update counts by its samples', () => {
  expect(createAggregation('mean', RULE_SETTINGS, ALL_EQUAL).samples(UPDATES)).toEqual(
    UPDATES.map(({ samples }) => samples),
  );
});
