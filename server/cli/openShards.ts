import type { Server } from 'socket.io';
import { sliceOf } from '../../shared/model/ranges.ts';
import type { ShardMap } from '../../shared/protocol/messages.ts';
import { NAMESPACES } from '../../shared/protocol/version.ts';
import type { Clock } from '../core/clock.ts';
import type { OptimizerState } from '../core/optimizer.ts';
import { Shard } from '../core/shard.ts';
import type { ShardOpening, ShardPort, ShardReports } from '../core/shardPort.ts';
import { mapValues, RemoteShard, type RemoteShardError } from '../gateway/remoteShard.ts';
import { serveShard } from '../gateway/shardGateway.ts';

/** What all shards of a run begin from: the whole model. */
export interface WholeOpening extends Omit<ShardOpening, 'index'> {
  optimizerState?: OptimizerState;
}

export interface OpenShardsParts {
  /** Addresses of shard processes, or null for shards in this one. */
  urls: string[] | null;
  secret: string;
  opening: WholeOpening;
  /** Where the devices of shards in this process come in. */
  sockets: Server;
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
  close: () => void;
}

/** Begins every shard of a run, in this process or elsewhere. @throws {RemoteShardError} naming the address. */
export async function openShards(parts: OpenShardsParts): Promise<OpenedShards> {
  const { urls, opening } = parts;
  const map = opening.ranges.map((range, index) => ({ index, url: urls?.[index] ?? '', ...range }));
  if (urls === null)
    return { ports: map.map(({ index }) => localShard(index, parts)), map, close: () => undefined };
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
  return { ports, map, close };
}

function localShard(index: number, { opening, clock, reports, sockets, failed }: OpenShardsParts): Shard {
  const shard = new Shard(openingOf(opening, index), clock, reports);
  serveShard(sockets.of(NAMESPACES.shard(index)), shard, failed);
  return shard;
}

/** One shard's part of the whole. */
function openingOf({ parameters, optimizerState, ...rest }: WholeOpening, index: number): ShardOpening {
  const range = rest.ranges[index];
  if (range === undefined) throw new RangeError(`there is no key range ${index}`);
  const cut = (vector: Float32Array) => sliceOf(vector, range).slice();
  const state = optimizerState && {
    optimizerState: { slots: mapValues(optimizerState.slots, cut), scalars: { ...optimizerState.scalars } },
  };
  return { ...rest, index, parameters: cut(parameters), ...state };
}
