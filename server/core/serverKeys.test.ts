import { hkdfSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { ServerKeys } from './serverKeys.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const ofNode = (purpose: string) => new Uint8Array(hkdfSync('sha256', KEY, '', `tabswarm ${purpose}`, 32));

it('[AU7] derives by HKDF-SHA-256, as Node does', () => {
  const keys = new ServerKeys(KEY);
  expect(keys.resumeTokens).toEqual(ofNode('resume tokens'));
  expect(keys.leasesOf('89abcdef')).toEqual(ofNode('leases of 89abcdef'));
  expect(keys.accessTo('http://a:1')).toEqual(ofNode('access to http://a:1'));
});

it('[AU7] derives another key for each purpose and each server', () => {
  const keys = new ServerKeys(KEY);
  const all = [
    keys.resumeTokens,
    keys.leasesOf('89abcdef'),
    keys.leasesOf('00000000'),
    keys.accessTo(''),
    keys.accessTo('http://a:1'),
    new ServerKeys(KEY.with(0, 1)).resumeTokens,
  ].map(String);
  expect(new Set(all).size).toBe(all.length);
});

it('takes no key of another length', () => {
  expect(() => new ServerKeys(new Uint8Array(31))).toThrow(RangeError);
});
