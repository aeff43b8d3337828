import { expect, it } from 'vitest';
import { apiFailure } from './api.ts';

it("[AD7] has the server's words where an answer is of the table", () => {
  const body = { error: 'NO_SUCH_RUN', message: 'The run here is 1a2b3c4d, not 00000000.' };
  expect(apiFailure(404, body)).toEqual({ kind: 'failed', reason: body.message });
});

it('[AD7] asks for the token where the server does not know the cookie', () => {
  const body = { error: 'UNAUTHORIZED', message: 'Open the admin URL that the server printed.' };
  expect(apiFailure(401, body)).toEqual({ kind: 'denied', reason: body.message });
});

it.each([[null], ['<html>'], [{ message: '' }], [{ error: 'NO_SUCH_CODE', message: 'Of another program.' }]])(
  'has the status where an answer is not of the table: %j',
  (body) => {
    const reason = 'The server answered with status 401.';
    expect(apiFailure(401, body)).toEqual({ kind: 'failed', reason });
  },
);
