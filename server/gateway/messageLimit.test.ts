import { expect, it } from 'vitest';
import { CODEC_NAMES, type CodecName } from '../../shared/codec/codecs.ts';
import { messageLimit } from './messageLimit.ts';
import { encodePack } from '../../shared/protocol/pack.ts';

const MAX_SHARDS = 256;

it.each(CODEC_NAMES)(
  '[PR6] leaves room for a whole model in as many slices as there may be, in %s',
  (codec: CodecName) => {
    const length = 1000;
    const header = { kind: 'delta' as const, codec, incarnation: 0, baseVersion: 0, lease: 1, shard: 0 };
    const slice = { header: { ...header, offset: 0, length, samples: 1 }, values: new Float32Array(length) };
    const pack = encodePack(Array.from({ length: MAX_SHARDS }, () => slice));
    expect(pack.byteLength).toBeLessThan(messageLimit(MAX_SHARDS * length) - 4096);
  },
);

it('[PR6] grows by four bytes a parameter', () => {
  expect(messageLimit(2_000_000) - messageLimit(1_000_000)).toBe(4_000_000);
});
