import type { Codec } from './codec.ts';
import { float16 } from './float16.ts';
import { float32 } from './float32.ts';

/** Every codec, once: types, schemas, `--codec`, its help and the documents are made from this. */
export const CODECS = { float32, float16 } as const satisfies Record<string, Codec>;

export type CodecName = keyof typeof CODECS;

/** The codecs as a list, for schemas and settings. */
export const CODEC_NAMES = Object.keys(CODECS) as [CodecName, ...CodecName[]];

/** The codec of weights, whatever that of updates: a version on a device is the parameters served, bit-identical [CD7]. */
export const WEIGHTS_CODEC: CodecName = 'float32';

/** The most bytes that `count` values take under any codec. */
export function maxPayloadOfAll(length: number): number {
  return Math.max(...CODEC_NAMES.map((name) => CODECS[name].maxPayload(length)));
}
