import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** Bytes of the key of a server, and of every key derived from it. */
export const KEY_BYTES = 32;

/** The keys of a server, derived from its one key by HKDF-SHA-256 (RFC 5869), one for each purpose [AU7]. */
export class ServerKeys {
  /** Of the resume tokens of devices. */
  readonly resumeTokens: Uint8Array;
  readonly #key: Uint8Array;

  /** @param key of {@link KEY_BYTES} random bytes. @throws {RangeError} of another length. */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a server's key has ${KEY_BYTES} bytes`);
    this.#key = key;
    this.resumeTokens = this.#derive('resume tokens');
  }

  /** Of the access tokens of the shard host at an address: a shard process is given its own. */
  accessTo(url: string): Uint8Array {
    return this.#derive(`access to ${url}`);
  }

  /** Of the leases of one incarnation: all that a shard process is given of it. */
  leasesOf(incarnation: string): Uint8Array {
    return this.#derive(`leases of ${incarnation}`);
  }

  #derive(purpose: string): Uint8Array {
    return hkdf(sha256, this.#key, undefined, utf8ToBytes(`tabswarm ${purpose}`), KEY_BYTES);
  }
}
