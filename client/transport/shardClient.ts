import { WEIGHTS_CODEC } from '../../shared/codec/codecs.ts';
import { encodeFrame, readFrame, valuesOf } from '../../shared/protocol/frame.ts';
import { EVENTS, shardAnswer, type ShardMap, type SignedTerms } from '../../shared/protocol/messages.ts';
import { NO_BYTES, TransportEnded, type Transport, type TransportReply } from './transport.ts';
import { readMessage } from './readMessage.ts';
import { ConnectionLost, type ShardClient, type SliceReply } from './connection.ts';

type ShardPlace = ShardMap[number];

/** An answer that takes longer than this counts as lost with its connection. */
export const ANSWER_WITHIN_MS = 30_000;
/** A push is answered when its round ends: two leases at most, of which a server may allow an hour each. */
const PUSH_WITHIN_MS = 2 * 3_600_000 + ANSWER_WITHIN_MS;

/**
 * One shard, asked by the first of the transports; what that leaves unanswered is asked again by the next. The
 * server answers a repeated push as it answered the first [LS14] [TR2].
 * @param transports those that stand at the moment, the best first; none when the connection was given up.
 * @param incarnation of the run, 8 hex digits.
 */
export function createShardClient(
  transports: () => Transport[],
  place: ShardPlace,
  incarnation: string,
): ShardClient {
  const ask = async (
    event: string,
    body: object,
    frame: () => Uint8Array<ArrayBuffer>,
    withinMs: number,
  ): Promise<SliceReply> => {
    const tried = new Set<Transport>();
    for (;;) {
      const next = transports().find((transport) => !tried.has(transport));
      if (next === undefined) throw new ConnectionLost('the connection to a shard was lost');
      tried.add(next);
      try {
        const request = { shard: place.index, event, body, bytes: frame(), withinMs };
        return readReply(await next.request(request), place);
      } catch (error) {
        if (!(error instanceof TransportEnded)) throw error;
      }
    }
  };
  return {
    pull: (version) => ask(EVENTS.pull, { version }, () => NO_BYTES, ANSWER_WITHIN_MS),
    push: (terms, values) =>
      ask(EVENTS.push, terms, () => frameOf(terms, values, place, incarnation), PUSH_WITHIN_MS),
  };
}

/** The frame of this shard's slice of an update. */
function frameOf(
  terms: SignedTerms,
  values: Float32Array,
  place: ShardPlace,
  incarnation: string,
): Uint8Array<ArrayBuffer> {
  const header = {
    kind: terms.kind,
    codec: terms.codec,
    incarnation: parseInt(incarnation, 16),
    baseVersion: terms.baseVersion,
    lease: terms.lease,
    shard: place.index,
    offset: place.offset,
    length: place.length,
    samples: terms.samples,
  };
  return encodeFrame(header, values);
}

/** Reads a shard's answer. @throws {Error} where it is none, or has weights of something else. */
function readReply(reply: TransportReply, place: ShardPlace): SliceReply {
  const { outcome: last, first, version } = readMessage('an answer of a shard', shardAnswer, reply.answer);
  // What was decided before counts as it was decided.
  const outcome = last === 'DUPLICATE' ? (first ?? last) : last;
  if (reply.bytes.byteLength === 0 || version === undefined) return { outcome, weights: null };
  const read = readFrame(reply.bytes);
  if (!read.ok) throw new Error(`weights of shard ${place.index}: ${read.reason}`);
  const { header } = read.frame;
  const isSlice =
    header.codec === WEIGHTS_CODEC &&
    header.offset === place.offset &&
    header.length === place.length &&
    header.baseVersion === version;
  const values = isSlice ? valuesOf(read.frame) : null;
  if (values === null) throw new Error(`weights of shard ${place.index} are not its slice`);
  return { outcome, weights: { version, values } };
}
