import type { Server, Socket } from 'socket.io';
import type { TransportName } from '../../shared/protocol/admin.ts';
import { EVENTS, hostAuth, pull, push } from '../../shared/protocol/messages.ts';
import { readPack } from '../../shared/protocol/pack.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { GroupAnswer } from '../core/shard/shardGroup.ts';
import type { DataChannels } from '../webrtc/dataChannels.ts';
import { signalHandler } from '../webrtc/signalling.ts';
import type { HostedRun, HostedRuns } from './hostedRuns.ts';
import { MAX_IN_FLIGHT_AT_HOST } from './limits.ts';
import type { Handler, Reply } from './peer.ts';
import { answerRequests } from './socketPeer.ts';
import { uplinkOf } from './sockets.ts';
import type { UplinkMeter } from './uplinkMeter.ts';

export interface ShardGatewayParts {
  /** All that this process has shards of. */
  runs: HostedRuns;
  /** Null where devices have nothing but their sockets. */
  channels: DataChannels | null;
  failed: (error: unknown) => void;
}

/** A device, and the way of its messages. */
interface Way {
  device: string;
  transport: TransportName;
  uplink: UplinkMeter;
}

/** Puts the shards of this process behind their namespace, and behind data channels where there are any. */
export function serveShards(sockets: Server, { runs, channels, failed }: ShardGatewayParts): void {
  const namespace = sockets.of(NAMESPACES.shards);
  namespace.use((socket, next) => {
    const auth = hostAuth.safeParse(socket.handshake.auth);
    if (auth.success && runs.admits(auth.data.device, auth.data.accessToken)) {
      (socket.data as { device: string }).device = auth.data.device;
      next();
    } else {
      next(new Error('NOT_JOINED'));
    }
  });
  namespace.on('connection', (socket: Socket) => {
    const { device } = socket.data as { device: string };
    const overChannel = (uplink: UplinkMeter) => handlersFor(runs, { device, transport: 'webrtc', uplink });
    const signal = signalHandler(socket, channels, overChannel, failed);
    const overSocket = handlersFor(runs, { device, transport: 'socketio', uplink: uplinkOf(socket) });
    answerRequests(socket, { ...overSocket, [EVENTS.signal]: signal }, failed, MAX_IN_FLIGHT_AT_HOST);
  });
}

/** What a device may ask of the shards here, whatever carries it: decodes, calls them, encodes. */
function handlersFor(runs: HostedRuns, way: Way): Record<string, Handler> {
  const onPull: Handler = ([body], reply) => {
    const message = pull.safeParse(body);
    if (!message.success) {
      reply({ outcome: 'MALFORMED', reason: 'pull names an incarnation and a version' });
      return;
    }
    const run = runs.get(message.data.incarnation);
    if (run === undefined) reply({ outcome: 'VERSION_GONE', reason: 'this host has no such run' });
    else run.group.pull(message.data.version, giving(run, way, reply));
  };
  const onPush: Handler = ([body, bytes], reply) => {
    const terms = push.safeParse(body);
    const read = readPack(bytes);
    if (!terms.success) {
      reply({ outcome: 'MALFORMED', reason: 'push comes with the terms of its lease' });
    } else if (!read.ok) {
      reply({ outcome: read.outcome, reason: read.reason });
    } else {
      const run = runs.get(terms.data.incarnation);
      if (run === undefined) {
        reply({ outcome: 'UNKNOWN_LEASE', reason: 'this host has no such run' });
        return;
      }
      const bytesUp = read.frames.reduce((sum, { payload }) => sum + payload.byteLength, 0);
      run.meter.count(way.device, way.transport, bytesUp, 0);
      run.meter.uplink(way.device, way.uplink.bytesPerSecond);
      run.group.push(way.device, terms.data, read.frames, giving(run, way, reply));
    }
  };
  return { [EVENTS.pull]: onPull, [EVENTS.push]: onPush };
}

/** Counts what goes with an answer, and encodes it. */
function giving(run: HostedRun, { device, transport }: Way, reply: Reply): (answer: GroupAnswer) => void {
  return (answer) => {
    const bytesDown = (answer.slices ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
    run.meter.count(device, transport, 0, bytesDown);
    reply(run.encode(answer));
  };
}
