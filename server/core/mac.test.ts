import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyRange } from '../../shared/model/ranges.ts';
import { hostAccessToken, macOfTerms, resumeToken, sameSecret } from './mac.ts';
import type { LeaseTerms } from '../../shared/protocol/messages.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const OTHER_KEY = KEY.with(31, 0);
const INCARNATION = '89abcdef';
const URL = 'https://192.168.1.4:8081';
const DEVICE = '0123456789ab';
const TERMS: LeaseTerms = {
  lease: 1,
  device: DEVICE,
  incarnation: INCARNATION,
  baseVersion: 7,
  kind: 'gradient',
  samples: 32,
  deadline: 1_700_000_000_000,
  codec: 'float32',
};
const RANGES: KeyRange[] = [
  { offset: 0, length: 256 },
  { offset: 256, length: 100 },
];

describe('the MAC of a lease', () => {
  it('[LS1] is HMAC-SHA256, cut to 128 bits: the one that Python computes', () => {
    expect(macOfTerms(KEY, TERMS, RANGES)).toBe('0e9dcc90b5c443128980a37517e642d6');
  });

  it.each(
    Object.entries({
      lease: 2,
      device: 'ba9876543210',
      incarnation: '00000001',
      baseVersion: 8,
      kind: 'delta',
      samples: 33,
      deadline: 1,
      codec: 'float16',
    }),
  )('[LS1] is another with another %s', (term, value) => {
    expect(Object.keys(TERMS)).toContain(term);
    expect(macOfTerms(KEY, { ...TERMS, [term]: value }, RANGES)).not.toBe(macOfTerms(KEY, TERMS, RANGES));
  });

  it('[LS1] is over every term there is', () => {
    expect(Object.keys(TERMS).sort()).toEqual([
      'baseVersion',
      'codec',
      'deadline',
      'device',
      'incarnation',
      'kind',
      'lease',
      'samples',
    ]);
  });

  it.each<[string, KeyRange[]]>([
    [
      'another offset',
      [
        { offset: 0, length: 256 },
        { offset: 512, length: 100 },
      ],
    ],
    [
      'another length',
      [
        { offset: 0, length: 256 },
        { offset: 256, length: 101 },
      ],
    ],
    ['a range less', [{ offset: 0, length: 256 }]],
    ['a range more', [...RANGES, { offset: 356, length: 1 }]],
    ['another order', RANGES.toReversed()],
    ['no range', []],
  ])('[LS1] is another with %s', (_name, ranges) => {
    expect(macOfTerms(KEY, TERMS, ranges)).not.toBe(macOfTerms(KEY, TERMS, RANGES));
  });

  it('[LS1] is another under another key', () => {
    expect(macOfTerms(OTHER_KEY, TERMS, RANGES)).not.toBe(macOfTerms(KEY, TERMS, RANGES));
  });
});

describe('what a device shows', () => {
  it('[AU1] to a shard host is bound to its key, host and device', () => {
    const token = hostAccessToken(KEY, URL, DEVICE);
    expect(token).toBe('6a88f2cb2249f207e65f9e753699b729');
    const others = [
      hostAccessToken(OTHER_KEY, URL, DEVICE),
      hostAccessToken(KEY, '', DEVICE),
      hostAccessToken(KEY, URL, 'ba9876543210'),
    ];
    expect(others).not.toContain(token);
  });

  it('[AU2] to resume is bound to key and device, and is no access token of a host', () => {
    const token = resumeToken(KEY, DEVICE);
    expect(token).toBe('cd732e0fd4899c1d4d890f13666dd89c');
    const others = [
      resumeToken(OTHER_KEY, DEVICE),
      resumeToken(KEY, 'ba9876543210'),
      hostAccessToken(KEY, URL, DEVICE),
    ];
    expect(others).not.toContain(token);
  });
});

describe('comparing secrets', () => {
  const anySecret = fc.string({ unit: 'binary', maxLength: 12 });

  it('[AU1] [AU2] says what === says', () => {
    fc.assert(
      fc.property(anySecret, anySecret, (left, right) => {
        expect(sameSecret(left, right)).toBe(left === right);
        expect(sameSecret(left, left.slice())).toBe(true);
      }),
    );
  });

  it.each([
    ['', ''],
    ['a', 'a\0'],
    ['\0', ''],
    ['abc', 'abd'],
    ['abc', 'ab'],
    ['secret', 'secret'],
    ['é', 'e'],
  ])('[AU1] [AU2] of %j and %j says what === says', (left, right) => {
    expect(sameSecret(left, right)).toBe(left === right);
    expect(sameSecret(right, left)).toBe(left === right);
  });
});
