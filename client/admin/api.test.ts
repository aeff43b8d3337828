import { expect, it } from 'vitest';
import { describeRefusal } from './api.ts';

it("uses the server's words, and the status where it has none", () => {
  const body = { error: 'NO_SUCH_RUN', message: 'The run here is 1a2b3c4d, not 00000000.' };
  expect(describeRefusal(404, body)).toBe('The run here is 1a2b3c4d, not 00000000.');
  expect(describeRefusal(502, null)).toBe('The server answered with status 502.');
  expect(describeRefusal(502, '<html>')).toBe('The server answered with status 502.');
  expect(describeRefusal(500, { message: '' })).toBe('The server answered with status 500.');
});
