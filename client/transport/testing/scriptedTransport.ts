import { WEIGHTS_CODEC } from '../../../shared/codec/codecs.ts';
import { encodePack } from '../../../shared/protocol/pack.ts';
import type { RunDescription, ShardMap, SignedTerms, Welcome } from '../../../shared/protocol/messages.ts';
import { NO_BYTES, type Transport, type TransportReply, type TransportRequest } from '../transport.ts';

export const INCARNATION = '89abcdef';
export const PLACE: ShardMap[number] = { index: 1, url: '', offset: 256, length: 3 };
export const VALUES = Float32Array.of(1, -2.5, 0.25);

export const TERMS: SignedTerms = {
  lease: 7,
  device: '0123456789ab',
  incarnation: INCARNATION,
  baseVersion: 4,
  kind: 'gradient',
  samples: 32,
  deadline: 1_700_000_000_000,
  codec: 'float32',
  mac: 'c'.repeat(32),
};

export const WELCOMED: Welcome = {
  outcome: 'OK',
  device: TERMS.device,
  token: 'a'.repeat(32),
  dataChannels: null,
};

/** A run with shards at these addresses, one after the other. */
export function runAt(urls: string[], accessToken = 'b'.repeat(32)): RunDescription {
  return {
    run: 'fedcba987654',
    incarnation: INCARNATION,
    model: {},
    dataset: { name: 'tiny', hash: '' },
    arithmetic: 'fastest',
    codecs: ['float32'],
    hosts: [...new Set(urls)].map((url) => ({ url, accessToken })),
    shards: urls.map((url, index) => ({ index, url, offset: 256 * index, length: 256 })),
  };
}

/** A pack of the weights of {@link PLACE}, or of something else. */
export function weightsOf(
  baseVersion: number,
  place = PLACE,
  values = VALUES,
  codec = WEIGHTS_CODEC,
): Uint8Array<ArrayBuffer> {
  const header = {
    kind: 'weights' as const,
    codec,
    incarnation: parseInt(INCARNATION, 16),
    baseVersion,
    lease: 0,
    shard: place.index,
    offset: place.offset,
    length: values.length,
    samples: 0,
  };
  return encodePack([{ header, values }]);
}

export const replyOf = (answer: Record<string, unknown>, bytes: Uint8Array = NO_BYTES): TransportReply => ({
  answer,
  bytes,
});

/** A transport that says what a test tells it to, and keeps what it was asked. */
export class ScriptedTransport implements Transport {
  readonly name;
  readonly asked: TransportRequest[] = [];
  readonly #say: (request: TransportRequest) => Promise<TransportReply> | TransportReply;

  constructor(
    name: Transport['name'],
    say: (request: TransportRequest) => Promise<TransportReply> | TransportReply,
  ) {
    this.name = name;
    this.#say = say;
  }

  async request(request: TransportRequest): Promise<TransportReply> {
    this.asked.push(request);
    return await this.#say(request);
  }
}
