import type { Namespace } from 'socket.io';
import { decodeFrame, encodeFrame } from '../../shared/protocol/frame.ts';
import { MAX_WORKERS } from '../../shared/profile/profile.ts';
import { EVENTS, pull, push, shardAuth, type ShardAnswer } from '../../shared/protocol/messages.ts';
import type { Shard, SliceAnswer } from '../core/shard.ts';
import { answerRequests, type Handler } from './peer.ts';

/** A pull and a push for each worker that a device may have [PR7]. */
const MOST_AT_A_SHARD = 2 * MAX_WORKERS;

/** Puts a shard behind its namespace: decodes, calls it, encodes. */
export function serveShard(namespace: Namespace, shard: Shard, failed: (error: unknown) => void): void {
  const encode = createSliceEncoder(shard);
  namespace.use((socket, next) => {
    const auth = shardAuth.safeParse(socket.handshake.auth);
    if (auth.success && shard.admits(auth.data.device, auth.data.pass)) {
      (socket.data as { device: string }).device = auth.data.device;
      next();
    } else {
      next(new Error('NOT_JOINED'));
    }
  });
  namespace.on('connection', (socket) => {
    const { device } = socket.data as { device: string };
    const onPull: Handler = ([body], reply) => {
      const message = pull.safeParse(body);
      if (message.success) shard.pull(message.data.version, (answer) => reply(encode(answer)));
      else reply({ outcome: 'MALFORMED', reason: 'pull names a version' });
    };
    const onPush: Handler = ([body, bytes], reply) => {
      const terms = push.safeParse(body);
      const decoded = decodeFrame(bytes);
      if (!terms.success) reply({ outcome: 'MALFORMED', reason: 'push comes with the terms of its lease' });
      else if (!decoded.ok) reply({ outcome: decoded.outcome, reason: decoded.reason });
      else shard.push(device, terms.data, decoded.frame, (answer) => reply(encode(answer)));
    };
    answerRequests(socket, { [EVENTS.pull]: onPull, [EVENTS.push]: onPush }, failed, MOST_AT_A_SHARD);
  });
}

/** Encodes answers; each version's slice becomes a frame once, however many devices are given it. */
function createSliceEncoder(shard: Shard): (answer: SliceAnswer) => ShardAnswer {
  const frames = new WeakMap<Float32Array, Uint8Array<ArrayBuffer>>();
  return ({ slice, ...answer }) => {
    if (slice === undefined) return answer;
    const header = {
      kind: 'weights' as const,
      codec: 'float32' as const,
      run: parseInt(shard.run, 16),
      baseVersion: answer.version ?? 0,
      lease: 0,
      shard: shard.index,
      offset: shard.range.offset,
      length: shard.range.length,
      samples: 0,
    };
    const weights = frames.get(slice) ?? encodeFrame(header, slice);
    frames.set(slice, weights);
    return { ...answer, weights };
  };
}
