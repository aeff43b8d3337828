import { expect, it } from 'vitest';
import { createAggregation, ALL_EQUAL } from './aggregation.ts';
import { RULE_SETTINGS } from './testing/joined.ts';
import { heldDown, samplesByVoice } from './voices.ts';

const vouched = { samples: 480, voices: Infinity, isBounded: false };
const stranger = { samples: 480, voices: 1, isBounded: true };
const UPDATES = [
  { ...vouched, device: 'vouched' },
  { ...vouched, device: 'vouched' },
  { ...stranger, device: 'new', samples: 100 },
  { ...stranger, device: 'new', samples: 300 },
  { ...stranger, device: 'other' },
];

it('[TS19] the updates of a device in a commit count together as many as it has voices', () => {
  expect(createAggregation('mean', RULE_SETTINGS).samples(UPDATES)).toEqual([480, 480, 50, 150, 480]);
  const earned = [1, 2, 3, 4].map(() => ({ ...stranger, device: 'earned', samples: 100, voices: 2 }));
  expect(samplesByVoice(earned)).toEqual([50, 50, 50, 50]);
  expect(samplesByVoice(earned.slice(0, 2))).toEqual([100, 100]);
});

it('[TS19] no update of a device that nobody vouches for counts more than is usual', () => {
  const slow = ['a', 'b', 'c'].map((device) => ({ ...stranger, device, samples: 100 }));
  const fast = { ...stranger, device: 'fast', samples: 960 };
  expect(samplesByVoice([...slow, fast])).toEqual([100, 100, 100, 100]);
  expect(samplesByVoice([...slow, { ...fast, voices: Infinity }])).toEqual([100, 100, 100, 960]);
  // Of one that sends most updates the others say what is usual.
  const many = Array.from({ length: 6 }, () => ({ ...fast, voices: 6 }));
  expect(samplesByVoice([...slow, ...many]).slice(3)).toEqual(many.map(() => 100));
});

it('[TS19] new devices, of which there may be any number, do not say what is usual beside trusted ones', () => {
  const earned = ['a', 'b'].map((device) => ({ ...stranger, device, isBounded: false }));
  const small = Array.from({ length: 9 }, (_, id) => ({ ...stranger, device: `new${id}`, samples: 120 }));
  expect(samplesByVoice([...earned, ...small]).slice(0, 2)).toEqual([480, 480]);
});

it('[TS21] new devices are held down beside one that is vouched for, three that are trusted, or a third', () => {
  const updates = (trusted: number, others: number, voices = 1) => [
    ...Array.from({ length: trusted }, (_, id) => {
      const device = `trusted${id}`;
      return { ...stranger, device, isBounded: false, voices };
    }),
    ...Array.from({ length: others }, (_, id) => ({ ...stranger, device: `new${id}` })),
  ];
  const holds = (...crowd: Parameters<typeof updates>) => heldDown(updates(...crowd)).includes(true);
  expect([holds(0, 5), holds(1, 3), holds(2, 5)]).toEqual([false, false, false]);
  expect([holds(1, 2), holds(2, 4), holds(3, 50), holds(1, 50, Infinity)]).toEqual([true, true, true, true]);
  expect(heldDown(updates(3, 2))).toEqual([false, false, false, true, true]);
});

it('[TS18] in a repeatable run every update counts by its samples', () => {
  expect(createAggregation('mean', RULE_SETTINGS, ALL_EQUAL).samples(UPDATES)).toEqual(
    UPDATES.map(({ samples }) => samples),
  );
});
