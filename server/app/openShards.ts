import type { Server } from 'socket.io';
import { sliceOf } from '../../shared/model/ranges.ts';
import type { ShardMap } from '../../shared/protocol/messages.ts';
import type { Clock } from '../core/clock.ts';
import type { OptimizerState } from '../core/shard/optimizer.ts';
import { Shard } from '../core/shard/shard.ts';
import type { ShardInit, ShardPort, ShardReports } from '../core/shard/shardPort.ts';
import { mapValues, RemoteShard, type RemoteShardError } from '../shardLink/remoteShard.ts';
import { serveShards } from '../gateway/shardGateway.ts';
import { sumOfTraffic, TrafficMeter, type MeteredTraffic } from '../gateway/trafficMeter.ts';
import type { DataChannels } from '../webrtc/dataChannels.ts';

/** What all shards of a run begin from: the whole model. */
export interface RunInit extends Omit<ShardInit, 'index'> {
  optimizerState?: OptimizerState;
}

export interface OpenShardsParts {
  /** Addresses of shard processes, or null for shards in this one. */
  urls: string[] | null;
  secret: string;
  opening: RunInit;
  /** Where the devices of shards in this process come in. */
  sockets: Server;
  /** The same, where there are data channels. */
  channels: DataChannels | null;
  /** Origins of the pages whose tabs connect to shards elsewhere. */
  origins: string[];
  clock: Clock;
  reports: ShardReports;
  lost: (error: RemoteShardError) => void;
  failed: (error: unknown) => void;
}

export interface OpenedShards {
  ports: ShardPort[];
  map: ShardMap;
  /** What a device's tensors came and went by, all shards together. */
  trafficOf: (device: string) => MeteredTraffic;
  close: () => void;
}

/** Begins every shard of a run, in this process or elsewhere. @throws {RemoteShardError} naming the address. */
export async function openShards(parts: OpenShardsParts): Promise<OpenedShards> {
  const { urls, opening } = parts;
  const map = opening.ranges.map((range, index) => ({ index, url: urls?.[index] ?? '', ...range }));
  if (urls === null) return { ...localShards(parts), map, close: () => undefined };
  const { secret, origins, reports, lost } = parts;
  const opened = await Promise.allSettled(
    urls.map((url, index) =>
      RemoteShard.open({ url, secret, origins, reports, lost, opening: openingOf(opening, index) }),
    ),
  );
  const ports = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const close = () => {
    for (const port of ports) port.close();
  };
  const failure = opened.find((each) => each.status === 'rejected');
  if (failure !== undefined) {
    close();
    throw failure.reason;
  }
  const trafficOf = (device: string) => sumOfTraffic(ports.map((port) => port.trafficOf(device)));
  return { ports, map, trafficOf, close };
}

function localShards({ opening, clock, reports, sockets, channels, failed }: OpenShardsParts) {
  const ports = opening.ranges.map((_, index) => new Shard(openingOf(opening, index), clock, reports));
  const meter = new TrafficMeter();
  serveShards(sockets, { shards: ports, meter, channels, failed });
  return { ports, trafficOf: (device: string) => meter.of(device) };
}

/** One shard's part of the whole. */
function openingOf({ parameters, optimizerState, ...rest }: RunInit, index: number): ShardInit {
  const range = rest.ranges[index];
  if (range === undefined) throw new RangeError(`there is no key range ${index}`);
  const cut = (vector: Float32Array) => sliceOf(vector, range).slice();
  const state = optimizerState && {
    optimizerState: { slots: mapValues(optimizerState.slots, cut), scalars: { ...optimizerState.scalars } },
  };
  return { ...rest, index, parameters: cut(parameters), ...state };
}
