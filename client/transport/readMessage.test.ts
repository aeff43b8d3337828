import { expect, it } from 'vitest';
import { lease, refusal } from '../../shared/protocol/messages.ts';
import { readMessage } from './readMessage.ts';

it('[PR9] reads a message, or names it and the field that was wrong', () => {
  expect(readMessage('an answer to ready', refusal, { outcome: 'OK' })).toEqual({ outcome: 'OK' });
  expect(() => readMessage('an answer to ready', refusal, { outcome: 'GOOD' })).toThrow(
    /^the server sent an answer to ready that cannot be read: outcome: .+/,
  );
  expect(() => readMessage('a lease', lease, null)).toThrow(
    /^the server sent a lease that cannot be read: .+/,
  );
});
