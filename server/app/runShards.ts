import { sliceOf } from '../../shared/model/ranges.ts';
import type { ShardMap } from '../../shared/protocol/messages.ts';
import type { Clock } from '../core/clock.ts';
import type { OptimizerState } from '../core/shard/optimizer.ts';
import { Shard } from '../core/shard/shard.ts';
import type { ShardInit, ShardPort, ShardReports } from '../core/shard/shardPort.ts';
import type { ShardGatewayParts } from '../gateway/shardGateway.ts';
import { sumOfTraffic, TrafficMeter, type MeteredTraffic } from '../gateway/trafficMeter.ts';
import { RemoteShard, ShardConnection } from '../shardLink/remoteShard.ts';
import { mapValues } from '../shardLink/wire.ts';

/** What all shards of a run start from: the whole model. */
export interface RunInit extends Omit<ShardInit, 'index'> {
  optimizerState?: OptimizerState;
}

/** Where the shards of a run are, and what the run asks of them. */
export interface RunShards {
  readonly map: ShardMap;
  /** Makes the shards, in the order of the key ranges; called once. @param lost is told that one is gone. */
  open(init: RunInit, reports: ShardReports, lost: (error: Error) => void): ShardPort[];
  /** Settles once every shard has taken its part. @throws {RemoteShardError} naming the address of one that did not. */
  opened(): Promise<void>;
  /** Those in this process, which its gateway serves to devices. */
  local(): Pick<ShardGatewayParts, 'shards' | 'meter'> | null;
  /** What a device's tensors came and went by, all shards together. */
  trafficOf(device: string): MeteredTraffic;
  close(): void;
}

/** Shards in this process. */
export class LocalShards implements RunShards {
  readonly map: ShardMap;
  readonly #clock: Clock;
  readonly #meter = new TrafficMeter();
  readonly #shards: Shard[] = [];

  constructor(ranges: ShardInit['ranges'], clock: Clock) {
    this.map = ranges.map((range, index) => ({ index, url: '', ...range }));
    this.#clock = clock;
  }

  open(init: RunInit, reports: ShardReports): ShardPort[] {
    for (const { index } of this.map) {
      this.#shards.push(new Shard(partOf(init, index), this.#clock, reports));
    }
    return this.#shards;
  }

  opened(): Promise<void> {
    return Promise.resolve();
  }

  local() {
    return { shards: this.#shards, meter: this.#meter };
  }

  trafficOf(device: string): MeteredTraffic {
    return this.#meter.of(device);
  }

  close(): void {
    // They end with the process that they are in.
  }
}

/** Shards in processes of their own. */
export class RemoteShards implements RunShards {
  readonly map: ShardMap;
  readonly #connections: readonly ShardConnection[];
  /** Origins of the pages whose devices connect to the shards. */
  readonly #origins: string[];
  readonly #shards: RemoteShard[] = [];

  /** Connects to all. @throws {RemoteShardError} naming the address of one that cannot be reached. */
  static async connect(
    urls: readonly string[],
    secret: string,
    ranges: ShardInit['ranges'],
    origins: string[],
  ): Promise<RemoteShards> {
    const connected = await Promise.allSettled(urls.map((url) => ShardConnection.open(url, secret)));
    const connections = connected.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failure = connected.find((each) => each.status === 'rejected');
    if (failure !== undefined) {
      for (const connection of connections) connection.close();
      throw failure.reason;
    }
    return new RemoteShards(connections, ranges, origins);
  }

  private constructor(connections: ShardConnection[], ranges: ShardInit['ranges'], origins: string[]) {
    this.#connections = connections;
    this.#origins = origins;
    this.map = ranges.map((range, index) => ({ index, url: connections[index]?.url ?? '', ...range }));
  }

  open(init: RunInit, reports: ShardReports, lost: (error: Error) => void): ShardPort[] {
    this.#connections.forEach((connection, index) => {
      const parts = { init: partOf(init, index), origins: this.#origins, reports, lost };
      this.#shards.push(new RemoteShard(connection, parts));
    });
    return this.#shards;
  }

  async opened(): Promise<void> {
    await Promise.all(this.#shards.map(({ opened }) => opened));
  }

  local() {
    return null;
  }

  trafficOf(device: string): MeteredTraffic {
    return sumOfTraffic(this.#shards.map((shard) => shard.trafficOf(device)));
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** One shard's part of the whole. */
function partOf({ parameters, optimizerState, ...rest }: RunInit, index: number): ShardInit {
  const range = rest.ranges[index];
  if (range === undefined) throw new RangeError(`there is no key range ${index}`);
  const cut = (vector: Float32Array) => sliceOf(vector, range).slice();
  const state = optimizerState && {
    optimizerState: { slots: mapValues(optimizerState.slots, cut), scalars: { ...optimizerState.scalars } },
  };
  return { ...rest, index, parameters: cut(parameters), ...state };
}
