import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encodeFloat32 } from '../../shared/codec/float32.ts';

/** The model hash: SHA-256, in hex, over the little-endian float32 bytes in canonical order [MD3]. */
export function modelHash(parameters: Float32Array): string {
  return bytesToHex(sha256(encodeFloat32(parameters)));
}
