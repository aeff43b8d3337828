import { sliceOf } from '../../shared/model/ranges.ts';
import type { RunDescription, ShardMap } from '../../shared/protocol/messages.ts';
import type { Clock } from '../core/clock.ts';
import { hostAccessToken } from '../core/mac.ts';
import { RecentMap } from '../core/recentMap.ts';
import type { OptimizerState } from '../core/shard/optimizer.ts';
import { Shard } from '../core/shard/shard.ts';
import type { ShardInit, ShardPort, ShardReports } from '../core/shard/shardPort.ts';
import type { HostedRuns, HostIdentity } from '../gateway/hostedRuns.ts';
import { REMEMBERED_DEVICES, sumOfTraffic, type MeteredTraffic } from '../gateway/trafficMeter.ts';
import type { HostConnection } from '../shardLink/hostConnection.ts';
import { RemoteShard } from '../shardLink/remoteShard.ts';
import { mapValues } from '../shardLink/wire.ts';

/** What all shards of a run start from: the whole model. */
export interface RunInit extends Omit<ShardInit, 'index'> {
  optimizerState?: OptimizerState;
}

/** Where the shards of a run are, and what the run asks of them. */
export interface RunShards {
  readonly map: ShardMap;
  /** The processes that have them, and what a device shows there. */
  hostsFor(device: string): RunDescription['hosts'];
  /** Makes the shards, in the order of the key ranges; called once. @param lost is told that one is gone. */
  open(init: RunInit, reports: ShardReports, lost: (error: Error) => void): ShardPort[];
  /** Settles once every shard has taken its part. @throws {RemoteShardError} naming the address of one that did not. */
  opened(): Promise<void>;
  /** What a device's tensors came and went by, all shards together. */
  trafficOf(device: string): MeteredTraffic;
  /** Ends them; other runs on the same hosts go on. */
  close(): void;
}

/** Shards in this process. */
export class LocalShards implements RunShards {
  readonly map: ShardMap;
  readonly #host: HostIdentity;
  readonly #runs: HostedRuns;
  readonly #clock: Clock;
  #incarnation = '';

  /** @param host what this process is to devices. */
  constructor(map: ShardMap, host: HostIdentity, runs: HostedRuns, clock: Clock) {
    this.map = map;
    this.#host = host;
    this.#runs = runs;
    this.#clock = clock;
  }

  hostsFor(device: string): RunDescription['hosts'] {
    return [hostFor(this.#host, device)];
  }

  open(init: RunInit, reports: ShardReports): ShardPort[] {
    this.#incarnation = init.incarnation;
    const { group } = this.#runs.open(init.incarnation);
    for (const { index } of this.map) group.add(new Shard(partOf(init, index), this.#clock, reports));
    return [...group.shards];
  }

  opened(): Promise<void> {
    return Promise.resolve();
  }

  trafficOf(device: string): MeteredTraffic {
    return this.#runs.get(this.#incarnation)?.meter.of(device) ?? sumOfTraffic([]);
  }

  close(): void {
    this.#runs.close(this.#incarnation);
  }
}

/** Shards in processes of their own. */
export class RemoteShards implements RunShards {
  readonly map: ShardMap;
  readonly #hosts: readonly HostIdentity[];
  /** By the addresses of the hosts. */
  readonly #connections: ReadonlyMap<string, HostConnection>;
  readonly #shards: RemoteShard[] = [];
  /** By host, what devices' tensors came and went by there. */
  readonly #devices = new Map<string, RecentMap<string, MeteredTraffic>>();
  #incarnation = '';
  #areOpen = false;

  constructor(
    map: ShardMap,
    hosts: readonly HostIdentity[],
    connections: ReadonlyMap<string, HostConnection>,
  ) {
    this.map = map;
    this.#hosts = hosts;
    this.#connections = connections;
  }

  hostsFor(device: string): RunDescription['hosts'] {
    return this.#hosts.map((host) => hostFor(host, device));
  }

  open(init: RunInit, reports: ShardReports, lost: (error: Error) => void): ShardPort[] {
    this.#incarnation = init.incarnation;
    for (const connection of this.#connections.values()) {
      const devices = new RecentMap<string, MeteredTraffic>(REMEMBERED_DEVICES);
      this.#devices.set(connection.url, devices);
      connection.listen(init.incarnation, {
        staged: (shard, lease, squares, products) => reports.staged(lease, shard, squares, products),
        rejected: (shard, lease, outcome) => reports.rejected(lease, shard, outcome),
        traffic: (shards, news) => {
          for (const { shard, ...traffic } of shards) {
            const told = this.#shards[shard];
            if (told !== undefined) told.traffic = traffic;
          }
          for (const [device, counted] of news) devices.set(device, counted);
        },
        // Before that, opening them fails.
        lost: (error) => this.#areOpen && lost(error),
      });
    }
    for (const { index, url } of this.map) {
      const connection = this.#connections.get(url);
      if (connection === undefined) throw new Error(`there is no shard host at ${url}`);
      this.#shards.push(new RemoteShard(connection, partOf(init, index)));
    }
    return this.#shards;
  }

  async opened(): Promise<void> {
    await Promise.all(this.#shards.map(({ opened }) => opened));
    this.#areOpen = true;
  }

  trafficOf(device: string): MeteredTraffic {
    return sumOfTraffic([...this.#devices.values()].flatMap((devices) => devices.get(device) ?? []));
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.closeRun(this.#incarnation);
  }
}

function hostFor({ url, accessKey }: HostIdentity, device: string): RunDescription['hosts'][number] {
  return { url, accessToken: hostAccessToken(accessKey, url, device) };
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
