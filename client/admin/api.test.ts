import { expect, it } from 'vitest';
import { OUTCOMES } from '../../shared/protocol/outcomes.ts';
import { describeRefusal } from './api.ts';

it("uses the server's words, then the outcome's meaning, then the status", () => {
  expect(describeRefusal(409, { outcome: 'MALFORMED', reason: 'The run is not running.' })).toBe(
    'The run is not running.',
  );
  expect(describeRefusal(401, { outcome: 'REFUSED' })).toBe(OUTCOMES.REFUSED.means);
  expect(describeRefusal(500, { outcome: 'toString' })).toBe('The server answered with status 500.');
  expect(describeRefusal(502, null)).toBe('The server answered with status 502.');
  expect(describeRefusal(502, '<html>')).toBe('The server answered with status 502.');
});
