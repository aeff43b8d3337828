import { expect, it } from 'vitest';
import { errorMessage } from './errorMessage.ts';

class Silent extends Error {
  override name = 'Silent';
}

it.each<[string, unknown, string]>([
  ['an error', new Error('broken'), 'broken'],
  ['an error without a message', new Silent(), 'Silent'],
  [
    'an error with a cause',
    new TypeError('fetch failed', { cause: new Error('refused') }),
    'fetch failed: refused',
  ],
  ['text', 'broken', 'broken'],
  ['nothing', '', 'no reason given'],
])('%s has a message, never an empty one', (_name, error, reason) => {
  expect(errorMessage(error)).toBe(reason);
});
