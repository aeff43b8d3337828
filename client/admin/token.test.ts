import { expect, it } from 'vitest';
import { findToken } from './token.ts';

it.each([
  ['#token=abc', 'abc'],
  ['#token=a%2Bb', 'a+b'],
  ['https://192.168.1.4:8080/admin/#token=abc', 'abc'],
  ['  https://host/admin/#token=abc \n', 'abc'],
  ['token=abc', 'abc'],
  [' abc ', 'abc'],
  ['#other=1', ''],
  ['https://host/admin/', ''],
  ['', ''],
])('finds the token of "%s"', (text, token) => {
  expect(findToken(text)).toBe(token);
});
