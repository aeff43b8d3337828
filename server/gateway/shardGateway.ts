import type { Server, Socket } from 'socket.io';
import { WEIGHTS_CODEC } from '../../shared/codec/codecs.ts';
import { encodeFrame, readFrame } from '../../shared/protocol/frame.ts';
import type { TransportName } from '../../shared/protocol/admin.ts';
import { EVENTS, pull, push, shardAuth, type ShardAnswer } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { Shard, SliceAnswer } from '../core/shard/shard.ts';
import type { DataChannels } from '../webrtc/dataChannels.ts';
import { MAX_IN_FLIGHT_AT_SHARD } from './limits.ts';
import type { Handler } from './peer.ts';
import { signalHandler } from '../webrtc/signalling.ts';
import { answerRequests } from './socketPeer.ts';
import { uplinkOf } from './sockets.ts';
import type { TrafficMeter } from './trafficMeter.ts';
import type { UplinkMeter } from './uplinkMeter.ts';

export interface ShardGatewayParts {
  /** All shards of this process. */
  shards: Shard[];
  meter: TrafficMeter;
  /** Null where devices have nothing but their sockets. */
  channels: DataChannels | null;
  failed: (error: unknown) => void;
}

/** Puts the shards of this process behind their namespaces, and behind data channels where there are any. */
export function serveShards(sockets: Server, parts: ShardGatewayParts): void {
  const requests = parts.shards.map((shard) => ({ shard, handlersFor: createHandlers(shard, parts.meter) }));
  const overChannel = (device: string, uplink: UplinkMeter) =>
    new Map(requests.map(({ shard, handlersFor }) => [shard.index, handlersFor(device, 'webrtc', uplink)]));
  for (const { shard, handlersFor } of requests) {
    const namespace = sockets.of(NAMESPACES.shard(shard.index));
    namespace.use((socket, next) => {
      const auth = shardAuth.safeParse(socket.handshake.auth);
      if (auth.success && shard.admits(auth.data.device, auth.data.shardAccessToken)) {
        (socket.data as { device: string }).device = auth.data.device;
        next();
      } else {
        next(new Error('NOT_JOINED'));
      }
    });
    namespace.on('connection', (socket: Socket) => {
      const { device } = socket.data as { device: string };
      const { channels, failed } = parts;
      const signal = signalHandler(socket, channels, (uplink) => overChannel(device, uplink), failed);
      const handlers = { ...handlersFor(device, 'socketio', uplinkOf(socket)), [EVENTS.signal]: signal };
      answerRequests(socket, handlers, failed, MAX_IN_FLIGHT_AT_SHARD);
    });
  }
}

/** What a device may ask of a shard, whatever carries it: decodes, calls it, encodes. */
function createHandlers(
  shard: Shard,
  meter: TrafficMeter,
): (device: string, transport: TransportName, uplink: UplinkMeter) => Record<string, Handler> {
  const encode = createSliceEncoder(shard);
  return (device, transport, uplink) => {
    const give = (answer: SliceAnswer) => {
      meter.count(device, transport, 0, answer.slice?.byteLength ?? 0);
      return encode(answer);
    };
    const onPull: Handler = ([body], reply) => {
      const message = pull.safeParse(body);
      if (message.success) shard.pull(message.data.version, (answer) => reply(give(answer)));
      else reply({ outcome: 'MALFORMED', reason: 'pull names a version' });
    };
    const onPush: Handler = ([body, bytes], reply) => {
      const terms = push.safeParse(body);
      const read = readFrame(bytes);
      if (!terms.success) {
        reply({ outcome: 'MALFORMED', reason: 'push comes with the terms of its lease' });
      } else if (!read.ok) {
        reply({ outcome: read.outcome, reason: read.reason });
      } else {
        meter.count(device, transport, read.frame.payload.byteLength, 0);
        meter.uplink(device, uplink.bytesPerSecond);
        shard.push(device, terms.data, read.frame, (answer) => reply(give(answer)));
      }
    };
    return { [EVENTS.pull]: onPull, [EVENTS.push]: onPush };
  };
}

/** Encodes answers; each version's slice becomes a frame once, however many devices are given it. */
function createSliceEncoder(shard: Shard): (answer: SliceAnswer) => ShardAnswer {
  const frames = new WeakMap<Float32Array, Uint8Array<ArrayBuffer>>();
  return ({ slice, ...answer }) => {
    if (slice === undefined) return answer;
    const header = {
      kind: 'weights' as const,
      codec: WEIGHTS_CODEC,
      incarnation: parseInt(shard.incarnation, 16),
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
