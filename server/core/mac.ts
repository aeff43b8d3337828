import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { KeyRange } from '../../shared/model/ranges.ts';
import type { LeaseTerms } from '../../shared/protocol/messages.ts';

/** Hex digits of a MAC: HMAC-SHA256 cut to 128 bits (RFC 2104, section 5). */
const MAC_DIGITS = 32;

/** The MAC over the terms of a lease and the key ranges they hold for [LS1]. */
export function macOfTerms(key: Uint8Array, terms: LeaseTerms, ranges: KeyRange[]): string {
  const { lease, device, incarnation, baseVersion, kind, samples, deadline, codec } = terms;
  const cut = ranges.map(({ offset, length }) => `${offset}+${length}`).join(',');
  return mac(key, ['lease', lease, device, incarnation, baseVersion, kind, samples, deadline, codec, cut]);
}

/** What a device shows to a shard host, whatever runs it has shards of [AU1]. @param key the access key of that host. */
export function hostAccessToken(key: Uint8Array, url: string, device: string): string {
  return mac(key, ['host', url, device]);
}

/** What a device shows to join again under its id [AU2]. */
export function resumeToken(key: Uint8Array, device: string): string {
  return mac(key, ['resume', device]);
}

/** Compares two secrets without telling by the time it takes where they differ. */
export function sameSecret(left: string, right: string): boolean {
  const longest = Math.max(left.length, right.length);
  let difference = left.length ^ right.length;
  for (let index = 0; index < longest; index++) {
    difference |= (left.charCodeAt(index) || 0) ^ (right.charCodeAt(index) || 0);
  }
  return difference === 0;
}

function mac(key: Uint8Array, parts: (string | number)[]): string {
  return bytesToHex(hmac(sha256, key, utf8ToBytes(parts.join('|')))).slice(0, MAC_DIGITS);
}
