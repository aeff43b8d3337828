import { io, type Socket } from 'socket.io-client';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import { RecentMap } from '../core/recentMap.ts';
import type { CommitRecord } from '../core/shard/records.ts';
import type { ShardInit, ShardPort, ShardReports, ShardSnapshot, Traffic } from '../core/shard/shardPort.ts';
import { REMEMBERED_DEVICES, sumOfTraffic, type MeteredTraffic } from '../gateway/trafficMeter.ts';
import {
  CONTROL_PATH,
  decodeSnapshot,
  encodeInit,
  listen,
  SECRET_HEADER,
  type Body,
  type ToCoordinator,
  type ToShard,
} from './wire.ts';

const OPEN_WITHIN_MS = 10_000;
const SNAPSHOT_WITHIN_MS = 60_000;

/** A shard process that cannot be used; the message names its address. */
export class RemoteShardError extends Error {
  override name = 'RemoteShardError';
}

/** A connection to a shard process that has yet to be opened. */
export class ShardConnection {
  readonly url: string;
  readonly socket: Socket;
  /** Rejects when the shard closes the connection: one that has a coordinator does so at once. */
  readonly turnedAway: Promise<never>;

  /** @throws {RemoteShardError} where the shard cannot be reached or does not know the secret. */
  static async open(url: string, secret: string): Promise<ShardConnection> {
    const socket = io(url, {
      path: CONTROL_PATH,
      transports: ['websocket'],
      reconnection: false,
      extraHeaders: { [SECRET_HEADER]: secret },
    });
    const connection = new ShardConnection(url, socket);
    await Promise.race([connected(socket, url), connection.turnedAway]);
    return connection;
  }

  private constructor(url: string, socket: Socket) {
    this.url = url;
    this.socket = socket;
    this.turnedAway = new Promise((_resolve, reject) => {
      socket.once('disconnect', () =>
        reject(new RemoteShardError(`the shard at ${url} serves another coordinator`)),
      );
    });
    // Who waits for it hears of it; once the shard is open nobody does.
    this.turnedAway.catch(() => undefined);
  }

  close(): void {
    this.socket.removeAllListeners('disconnect');
    this.socket.disconnect();
  }
}

export interface RemoteShardParts {
  init: ShardInit;
  /** Origins of the pages that may connect to it. */
  origins: string[];
  reports: ShardReports;
  /** The connection of an open shard is gone, and with it what the shard held. */
  lost: (error: RemoteShardError) => void;
}

/** The coordinator's end of a shard in a process of its own. */
export class RemoteShard implements ShardPort {
  /** Settles when the shard has taken its part of the model. */
  readonly opened: Promise<void>;
  readonly #connection: ShardConnection;
  #traffic: Traffic = { bytesUp: 0, bytesDown: 0 };
  readonly #devices = new RecentMap<string, MeteredTraffic>(REMEMBERED_DEVICES);

  constructor(connection: ShardConnection, { init, origins, reports, lost }: RemoteShardParts) {
    this.#connection = connection;
    const { socket, url, turnedAway } = connection;
    listen<ToCoordinator>(
      socket,
      {
        staged: ({ lease, squares }) => reports.staged(lease, init.index, squares),
        rejected: ({ lease, outcome }) => reports.rejected(lease, init.index, outcome),
        traffic: ({ devices, ...traffic }) => {
          this.#traffic = traffic;
          for (const [device, counted] of devices) this.#devices.set(device, counted);
        },
      },
      // The end of the connection is what tells that the shard is lost.
      () => socket.disconnect(),
    );
    const taken = socket
      .timeout(OPEN_WITHIN_MS)
      .emitWithAck('open' satisfies ToShard, encodeInit(init, origins))
      .catch(() => {
        throw new RemoteShardError(
          `the shard at ${url} did not open within ${OPEN_WITHIN_MS / 1000} seconds`,
        );
      });
    this.opened = Promise.race([taken, turnedAway]).then(() => {
      socket.once('disconnect', () => lost(new RemoteShardError(`the shard at ${url} was lost`)));
    });
    // A failure rejects the promise of the run's shards.
    this.opened.catch(() => undefined);
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  /** As far as it is known here. */
  trafficOf(device: string): MeteredTraffic {
    return this.#devices.get(device) ?? sumOfTraffic([]);
  }

  commit(record: CommitRecord): void {
    this.#send('commit', record);
  }

  refuse(lease: number, outcome: Outcome, version: number | null): void {
    this.#send('refuse', { lease, outcome, version });
  }

  keep(lease: number): void {
    this.#send('keep', { lease });
  }

  pin(lease: number, version: number): void {
    this.#send('pin', { lease, version });
  }

  async snapshot(): Promise<ShardSnapshot> {
    const { socket, url } = this.#connection;
    if (!socket.connected) throw new RemoteShardError(`the shard at ${url} was lost`);
    return decodeSnapshot(
      await socket.timeout(SNAPSHOT_WITHIN_MS).emitWithAck('snapshot' satisfies ToShard, null),
    );
  }

  #send<Event extends ToShard>(event: Event, body: Body<Event>): void {
    this.#connection.socket.emit(event, body);
  }
}

function connected(socket: Socket, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(new RemoteShardError(`no shard at ${url}, or it has another secret (${error.message})`));
    });
  });
}
