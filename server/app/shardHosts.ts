import type { ShardMap } from '../../shared/protocol/messages.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { ServerKeys } from '../core/serverKeys.ts';
import type { ShardInit } from '../core/shard/shardPort.ts';
import { HostedRuns } from '../gateway/hostedRuns.ts';
import { HostConnection } from '../shardLink/hostConnection.ts';
import type { Body } from '../shardLink/wire.ts';
import { LocalShards, RemoteShards, type RunShards } from './runShards.ts';

/** The processes that have the shards of a server's runs. */
export interface ShardHosts {
  /** Where the shards of a run are to be; nothing is made before they are opened. */
  shardsOf(ranges: ShardInit['ranges']): RunShards;
  /** What this process has of them, which its gateway serves to devices; null where it has none. */
  local(): HostedRuns | null;
  close(): void;
}

/** How the shard map names this process. */
const HERE = '';

/** All shards are in this process. */
export class LocalHost implements ShardHosts {
  readonly #clock: Clock;
  readonly #accessKey: Uint8Array;
  readonly #runs: HostedRuns;

  /** @param accessKey of this process as a shard host. */
  constructor(clock: Clock, accessKey: Uint8Array) {
    this.#clock = clock;
    this.#accessKey = accessKey;
    this.#runs = new HostedRuns({ url: HERE, accessKey });
  }

  shardsOf(ranges: ShardInit['ranges']): RunShards {
    const map = ranges.map((range, index) => ({ index, url: HERE, ...range }));
    return new LocalShards(map, { url: HERE, accessKey: this.#accessKey }, this.#runs, this.#clock);
  }

  local(): HostedRuns {
    return this.#runs;
  }

  close(): void {
    // They end with the process that they are in.
  }
}

/** A shard host elsewhere, and what it is told of itself. */
export type RemoteHost = Body<'host'>;

/** All shards are in processes of their own. */
export class RemoteHosts implements ShardHosts {
  readonly #urls: readonly string[];
  readonly #hosts: readonly RemoteHost[];
  /** By their addresses. */
  readonly #connections: ReadonlyMap<string, HostConnection>;

  /**
   * Connects to all.
   * @param urls of the hosts of the key ranges, in their order; one may have several.
   * @param hosts each of those once.
   * @throws {RemoteShardError} naming the address of one that cannot be reached.
   */
  static async connect(
    urls: readonly string[],
    hosts: readonly RemoteHost[],
    secret: string,
  ): Promise<RemoteHosts> {
    const connected = await Promise.allSettled(hosts.map((host) => HostConnection.open(secret, host)));
    const connections = connected.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failure = connected.find((each) => each.status === 'rejected');
    if (failure !== undefined) {
      for (const connection of connections) connection.close();
      throw failure.reason;
    }
    return new RemoteHosts(urls, hosts, connections);
  }

  private constructor(
    urls: readonly string[],
    hosts: readonly RemoteHost[],
    connections: readonly HostConnection[],
  ) {
    this.#urls = urls;
    this.#hosts = hosts;
    this.#connections = new Map(connections.map((connection) => [connection.url, connection]));
  }

  shardsOf(ranges: ShardInit['ranges']): RunShards {
    const map: ShardMap = ranges.map((range, index) => ({ index, url: this.#urls[index] ?? '', ...range }));
    return new RemoteShards(map, this.#hosts, this.#connections);
  }

  local(): null {
    return null;
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }
}

/**
 * Connects to the shard hosts elsewhere, or makes one of this process.
 * @param origins of the pages whose devices connect to them.
 * @throws {RemoteShardError} naming the address of one that cannot be reached.
 */
export async function reachHosts(
  config: Config,
  keys: ServerKeys,
  origins: string[],
  clock: Clock,
): Promise<ShardHosts> {
  if (typeof config.shards === 'number') return new LocalHost(clock, keys.accessTo(HERE));
  const { shards: urls, shardSecret, maxParameters } = config;
  const hosts = [...new Set(urls)].map((url) => ({
    url,
    accessKey: keys.accessTo(url),
    origins,
    maxParameters,
  }));
  return RemoteHosts.connect(urls, hosts, shardSecret);
}
