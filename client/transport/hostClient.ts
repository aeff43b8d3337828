import { WEIGHTS_CODEC } from '../../shared/codec/codecs.ts';
import { valuesOf } from '../../shared/protocol/frame.ts';
import { EVENTS, shardAnswer, type ShardMap, type SignedTerms } from '../../shared/protocol/messages.ts';
import { encodePack, readPack } from '../../shared/protocol/pack.ts';
import { NO_BYTES, TransportEnded, type Transport, type TransportReply } from './transport.ts';
import { readMessage } from './readMessage.ts';
import { ConnectionLost, type HostClient, type HostReply } from './connection.ts';

/** An answer that takes longer than this counts as lost with its connection. */
export const ANSWER_WITHIN_MS = 30_000;
/** A push is answered when its round ends: two leases at most, of which a server may allow an hour each. */
const PUSH_WITHIN_MS = 2 * 3_600_000 + ANSWER_WITHIN_MS;

/**
 * The shards of a run at one host, asked all at once by the first of the transports; what that leaves unanswered is
 * asked again by the next. The server answers a repeated push as it answered the first [LS14] [TR2].
 * @param transports those that stand at the moment, the best first; none when the connection was given up.
 * @param places of those shards, in the order of the shard map.
 * @param incarnation of the run, 8 hex digits.
 */
export function createHostClient(
  transports: () => Transport[],
  places: ShardMap,
  incarnation: string,
): HostClient {
  const ask = async (
    event: string,
    body: object,
    bytes: () => Uint8Array<ArrayBuffer>,
    withinMs: number,
  ): Promise<HostReply> => {
    const tried = new Set<Transport>();
    for (;;) {
      const next = transports().find((transport) => !tried.has(transport));
      if (next === undefined) throw new ConnectionLost('the connection to a shard was lost');
      tried.add(next);
      try {
        return readReply(await next.request({ event, body, bytes: bytes(), withinMs }), places);
      } catch (error) {
        if (!(error instanceof TransportEnded)) throw error;
      }
    }
  };
  return {
    places,
    pull: (version) => ask(EVENTS.pull, { incarnation, version }, () => NO_BYTES, ANSWER_WITHIN_MS),
    push: (terms, slices) => ask(EVENTS.push, terms, () => packOf(terms, slices, places), PUSH_WITHIN_MS),
  };
}

/** The slices of an update that go to one host. */
function packOf(
  terms: SignedTerms,
  slices: readonly Float32Array[],
  places: ShardMap,
): Uint8Array<ArrayBuffer> {
  const packed = places.map((place, index) => ({
    header: {
      kind: terms.kind,
      codec: terms.codec,
      incarnation: parseInt(terms.incarnation, 16),
      baseVersion: terms.baseVersion,
      lease: terms.lease,
      shard: place.index,
      offset: place.offset,
      length: place.length,
      samples: terms.samples,
    },
    values: slices[index] ?? new Float32Array(0),
  }));
  return encodePack(packed);
}

/** Reads a host's answer. @throws {Error} where it is none, or has weights of something else. */
function readReply(reply: TransportReply, places: ShardMap): HostReply {
  const { outcome: last, first, version } = readMessage('an answer of a shard', shardAnswer, reply.answer);
  // What was decided before counts as it was decided.
  const outcome = last === 'DUPLICATE' ? (first ?? last) : last;
  if (reply.bytes.byteLength === 0 || version === undefined) return { outcome, weights: null };
  return { outcome, weights: { version, slices: readWeights(reply.bytes, version, places) } };
}

/** @throws {Error} where these are not the weights of the places at this version. */
function readWeights(bytes: Uint8Array, version: number, places: ShardMap): Float32Array[] {
  const shards = places.map(({ index }) => index).join(', ');
  const read = readPack(bytes);
  if (!read.ok) throw new Error(`weights of shard ${shards}: ${read.reason}`);
  if (read.frames.length !== places.length)
    throw new Error(`weights of shard ${shards} are ${read.frames.length} slices`);
  return read.frames.map((frame, at) => {
    const { header } = frame;
    const place = places[at];
    const isSlice =
      header.codec === WEIGHTS_CODEC &&
      header.offset === place?.offset &&
      header.length === place.length &&
      header.baseVersion === version;
    const values = isSlice ? valuesOf(frame) : null;
    if (values === null) throw new Error(`weights of shard ${place?.index ?? at} are not its slice`);
    return values;
  });
}
