import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modelHash } from './modelHash.ts';
import { layoutOf } from '../../shared/model/layout.ts';
import { createGenerator } from '../../shared/random/generator.ts';
import { StoreError } from './errors.ts';
import { sampleCheckpoint } from './fixtures/samples.ts';
import { decodeCheckpoint, encodeCheckpoint } from './format.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const checkpoint = sampleCheckpoint();
const bytes = encodeCheckpoint(checkpoint);

describe('the file of a checkpoint', () => {
  test('[CK3] gives back everything that was put into it', () => {
    expect(decodeCheckpoint(bytes)).toEqual(checkpoint);
  });

  test('[CK3] gives back any state of a run, float32 bits and all', () => {
    const vector = fc.integer().map((seed) => {
      const generator = createGenerator(seed);
      return new Float32Array(Uint32Array.from({ length: 1960 }, () => generator.below(2 ** 32)).buffer);
    });
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    const state = fc.record({
      version: fc.maxSafeNat(),
      samples: fc.maxSafeNat(),
      seconds: finite,
      settings: fc.dictionary(
        fc.stringMatching(/^[a-z]\w*$/),
        fc.oneof(fc.string(), fc.boolean(), fc.constant(null), finite),
      ),
      parameters: vector,
      optimizer: fc.record({
        slots: fc.dictionary(fc.stringMatching(/^[a-z]\w*$/), vector, { maxKeys: 3 }),
        scalars: fc.dictionary(fc.stringMatching(/^[a-z]\w*$/), finite),
      }),
    });
    const bits = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    fc.assert(
      fc.property(state, (given) => {
        const loaded = decodeCheckpoint(encodeCheckpoint({ ...checkpoint, ...given }));
        expect(bits(loaded.parameters).equals(bits(given.parameters))).toBe(true);
        expect(Object.keys(loaded.optimizer.slots).sort()).toEqual(Object.keys(given.optimizer.slots).sort());
        for (const [slot, values] of Object.entries(given.optimizer.slots)) {
          expect(bits(loaded.optimizer.slots[slot] ?? new Float32Array()).equals(bits(values))).toBe(true);
        }
        const { version, samples, seconds, settings } = loaded;
        expect({ version, samples, seconds }).toEqual({
          version: given.version,
          samples: given.samples,
          seconds: given.seconds,
        });
        expect(JSON.stringify(settings)).toBe(JSON.stringify(given.settings));
        expect(loaded.optimizer.scalars).toEqual({ ...given.optimizer.scalars });
      }),
      { numRuns: 50 },
    );
  });

  test("[CK3] is safetensors: the layout's tensors, the slots by name, the rest as strings", () => {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const names = layoutOf(checkpoint.model).tensors.map(({ name }) => name);
    expect(tensors.map(({ name }) => name)).toEqual(
      ['', 'optimizer.m/', 'optimizer.v/'].flatMap((prefix) => names.map((name) => prefix + name)),
    );
    expect(tensors[0]).toMatchObject({ name: '0.conv2d.kernel', shape: [3, 3, 1, 3] });
    expect(metadata).toMatchObject({
      format: '1',
      version: '7',
      modelHash: modelHash(checkpoint.parameters),
      savedAt: checkpoint.savedAt,
      model: JSON.stringify(checkpoint.model),
    });
  });

  test('[CK3] takes a file of before commits were counted apart from versions', () => {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const before = { ...metadata };
    delete before['updates'];
    const blank = encodeSafetensors({ tensors, metadata: { ...before, sha256: '0'.repeat(64) } });
    const sha256 = createHash('sha256').update(blank).digest('hex');
    const file = encodeSafetensors({ tensors, metadata: { ...before, sha256 } });
    expect(decodeCheckpoint(file)).toEqual({ ...checkpoint, updates: checkpoint.version });
  });

  test('[CK13] is not made of what could not be loaded again', () => {
    const { optimizer } = checkpoint;
    const short = new Float32Array(1959);
    const refused = (change: Partial<typeof checkpoint>, message: string) => {
      expect(() => encodeCheckpoint({ ...checkpoint, ...change })).toThrow(StoreError);
      expect(() => encodeCheckpoint({ ...checkpoint, ...change })).toThrow(message);
    };
    refused({ parameters: short }, 'parameters: 1959 values, the model has 1960');
    refused({ optimizer: { ...optimizer, slots: { m: short } } }, 'optimizer.m: 1959 values');
    refused({ optimizer: { ...optimizer, slots: { 'a/b': checkpoint.parameters } } }, '"a/b" cannot name');
    refused({ optimizer: { ...optimizer, scalars: { step: NaN } } }, 'scalars.step');
    refused({ version: -1 }, 'version');
    refused({ savedAt: 'yesterday' }, 'savedAt');
  });
});

describe('a damaged checkpoint', () => {
  const flipped = (position: number, flip: number) => {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(position) ^ flip, position);
    return damaged;
  };

  test('[CK4] is refused whichever byte was altered', () => {
    const position = fc.oneof(fc.nat(bytes.length - 1), fc.nat(3_000));
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), (at, flip) => {
        expect(() => decodeCheckpoint(flipped(at, flip))).toThrow(StoreError);
      }),
      { numRuns: 1_000 },
    );
  });

  test('[CK4] is refused wherever it was cut off, or when something was added', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => decodeCheckpoint(bytes.subarray(0, length))).toThrow(StoreError);
      }),
    );
    expect(() => decodeCheckpoint(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(StoreError);
  });

  test('[CK4] is refused with both checksums when a weight was altered', () => {
    expect(() => decodeCheckpoint(flipped(bytes.length - 5, 1))).toThrow(
      /altered: expected SHA-256 .{64}, found .{64}/,
    );
  });

  test.each<[string, Record<string, string>, string]>([
    ["another program's file", {}, 'not a checkpoint of Tabswarm'],
    ['a later format', { format: '2', sha256: '' }, 'checkpoint format 2: this release reads format 1'],
    ['a file without its own checksum', { format: '1', sha256: 'x' }, 'the file is altered'],
  ])('[CK4] %s is refused by name', (_, metadata, message) => {
    const { tensors } = decodeSafetensors(bytes);
    expect(() => decodeCheckpoint(encodeSafetensors({ tensors, metadata }))).toThrow(message);
  });
});
