import { describe, expect, it } from 'vitest';
import { decodeFloat32, encodeFloat32 } from '../../shared/codec/float32.ts';
import { nodeBuffer } from '../../shared/testing/nodeBuffer.ts';
import { modelHash } from './modelHash.ts';

const PARAMETERS = Float32Array.of(0, 1, -1, 0.1);
/** What `hashlib.sha256(struct.pack('<4f', 0, 1, -1, 0.1))` says. */
const GOLDEN = '4fb2422365b4ba4094cabb17558788ab3ac179506b302867a1d4a3449c214265';

describe('the model hash', () => {
  it('[MD3] is SHA-256 over the little-endian bytes', () => {
    expect(modelHash(PARAMETERS)).toBe(GOLDEN);
    expect(modelHash(new Float32Array(0))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('[MD3] is the same wherever the parameters lie', () => {
    for (const offset of [0, 1, 2, 3, 5]) {
      expect(modelHash(decodeFloat32(nodeBuffer(encodeFloat32(PARAMETERS), offset)))).toBe(GOLDEN);
    }
    const longer = new Float32Array(9);
    longer.set(PARAMETERS, 3);
    expect(modelHash(longer.subarray(3, 7))).toBe(GOLDEN);
  });

  it('[MD3] tells parameters apart that are equal as numbers but not as bytes', () => {
    expect(modelHash(Float32Array.of(0))).not.toBe(modelHash(Float32Array.of(-0)));
  });
});
