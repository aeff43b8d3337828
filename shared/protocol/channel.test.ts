import { expect, it } from 'vitest';
import { nodeBuffer } from '../testing/nodeBuffer.ts';
import {
  channelAnswer,
  channelRequest,
  checksumOf,
  decodeHead,
  encodeHead,
  MAX_CHUNK_BYTES,
} from './channel.ts';

const HEAD = { bytes: 70_000, checksum: 0x89abcdef, jsonBytes: 26 };

it('[TR3] the head of a message is the golden bytes', () => {
  const hex = [...encodeHead(HEAD)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  expect(hex).toBe('5453574370110100efcdab891a000000');
  expect(decodeHead(encodeHead(HEAD))).toEqual(HEAD);
});

it.each<[string, Uint8Array]>([
  ['too short', encodeHead(HEAD).subarray(1)],
  ['too long', Uint8Array.of(...encodeHead(HEAD), 0)],
  ['of something else', encodeHead(HEAD).with(0, 0x55)],
  ['of more JSON than bytes', encodeHead({ ...HEAD, jsonBytes: 70_001 })],
])('[TR3] a head %s is none', (_name, bytes) => {
  expect(decodeHead(bytes)).toBeNull();
});

it('[TR3] a head is read at any offset of what brought it', () => {
  expect(decodeHead(nodeBuffer(encodeHead(HEAD), 3))).toEqual(HEAD);
});

it('[TR10] a chunk has 64 KiB at most', () => {
  expect(MAX_CHUNK_BYTES).toBe(65_536);
});

it('[TR3] a message may be JSON alone', () => {
  const head = { ...HEAD, jsonBytes: HEAD.bytes };
  expect(decodeHead(encodeHead(head))).toEqual(head);
});

it('[TR1] a request and its answer are read as they were made', () => {
  const request = { id: 0, event: 'p'.repeat(32), body: { version: 1 } };
  expect(channelRequest.parse(request)).toEqual(request);
  const answer = { id: 0, answer: { outcome: 'OK' } };
  expect(channelAnswer.parse(answer)).toEqual(answer);
});

it('[TR11] a checksum goes on from the one before: zlib.crc32 of b"123456789"', () => {
  const digits = Uint8Array.from({ length: 9 }, (_, index) => 49 + index);
  expect(checksumOf(digits)).toBe(0xcbf43926);
  expect(checksumOf(digits.subarray(4), checksumOf(digits.subarray(0, 4)))).toBe(0xcbf43926);
});

it.each([
  {},
  { id: -1, event: 'pull', body: {} },
  { id: 1, event: 'p'.repeat(33), body: {} },
  { id: 1, event: 'pull', body: {}, more: 1 },
])('[TR1] %j is no request', (request) => {
  expect(channelRequest.safeParse(request).success).toBe(false);
  expect(channelAnswer.safeParse(request).success).toBe(false);
});
