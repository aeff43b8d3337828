import { RUNS, setting } from '../setting.ts';
import { decimal, orNone, seconds, wholeNumber } from '../values.ts';

/** The longest that one timer of Node can wait is 2^31 ms; this stays below it. */
const MAX_SECONDS = 2_000_000;

/** When the model is measured, and when the run ends. */
export const END_SETTINGS = {
  target: setting<number | null | undefined>(
    RUNS,
    orNone(decimal('above 0, at most 1', (value) => value > 0 && value <= 1)),
    undefined,
    "Accuracy on the test images at which the run ends; by default that of the model's recipe in a demo, else none.",
    { defaults: { start: null } },
  ),
  maxCommits: setting(RUNS, orNone(wholeNumber(1)), null, 'The run ends after this many commits.', {
    unit: 'commits',
  }),
  maxSeconds: setting(RUNS, orNone(seconds(MAX_SECONDS)), null, 'The run ends after this many seconds.', {
    unit: 's',
    defaults: { demo: 600 },
  }),
  guardJump: setting<number | null>(
    RUNS,
    orNone(decimal('above 1', (value) => value > 1)),
    3,
    'A loss on a sample of the test images that is above the usual one by this factor, and by 0.5, brings the last good state back; none does without.',
  ),
  evaluateEvery: setting(
    RUNS,
    wholeNumber(0),
    5,
    'Commits between two measurements on the test images; 0 measures only at the end.',
    { unit: 'commits' },
  ),
};
