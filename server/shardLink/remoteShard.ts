import { io, type Socket } from 'socket.io-client';
import { decodeFloat32, encodeFloat32 } from '../../shared/codec/float32.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import { RecentMap } from '../core/recentMap.ts';
import type {
  CommitRecord,
  ShardInit,
  ShardPort,
  ShardReports,
  ShardSnapshot,
  Traffic,
} from '../core/shard/shardPort.ts';
import {
  CONTROL_PATH,
  controlRejected,
  controlSnapshot,
  controlStaged,
  controlTraffic,
  SECRET_HEADER,
  type ControlInit,
} from './wire.ts';
import { REMEMBERED_DEVICES, sumOfTraffic, type MeteredTraffic } from '../gateway/trafficMeter.ts';

const OPEN_WITHIN_MS = 10_000;
const SNAPSHOT_WITHIN_MS = 60_000;

/** A shard process that cannot be used; the message names its address. */
export class RemoteShardError extends Error {
  override name = 'RemoteShardError';
}

export interface RemoteShardParts {
  url: string;
  secret: string;
  opening: ShardInit;
  origins: string[];
  reports: ShardReports;
  /** The connection is gone, and with it what the shard held. */
  lost: (error: RemoteShardError) => void;
}

/** The coordinator's end of a shard in a process of its own. */
export class RemoteShard implements ShardPort {
  readonly #socket: Socket;
  readonly #url: string;
  #traffic: Traffic = { bytesUp: 0, bytesDown: 0 };
  readonly #devices = new RecentMap<string, MeteredTraffic>(REMEMBERED_DEVICES);

  /** Connects and opens. @throws {RemoteShardError} where the shard cannot be reached or does not take the opening. */
  static async open(parts: RemoteShardParts): Promise<RemoteShard> {
    const socket = io(parts.url, {
      path: CONTROL_PATH,
      transports: ['websocket'],
      reconnection: false,
      extraHeaders: { [SECRET_HEADER]: parts.secret },
    });
    const shard = new RemoteShard(socket, parts);
    // Listened for before anything else: a shard that is taken turns the connection away at once.
    const away = turnedAway(socket, parts.url);
    await Promise.race([connected(socket, parts.url), away]);
    const { parameters, optimizerState, ...opening } = parts.opening;
    const message: ControlInit = {
      ...opening,
      origins: parts.origins,
      parameters: encodeFloat32(parameters),
      ...(optimizerState === undefined
        ? {}
        : {
            optimizerState: {
              slots: mapValues(optimizerState.slots, encodeFloat32),
              scalars: optimizerState.scalars,
            },
          }),
    };
    await Promise.race([socket.timeout(OPEN_WITHIN_MS).emitWithAck('open', message), away]);
    socket.once('disconnect', () => parts.lost(new RemoteShardError(`the shard at ${parts.url} was lost`)));
    return shard;
  }

  private constructor(socket: Socket, { url, reports, opening }: RemoteShardParts) {
    this.#socket = socket;
    this.#url = url;
    const on = (event: string, handle: (body: unknown) => void) =>
      socket.on(event, (body: unknown) => {
        try {
          handle(body);
        } catch {
          // The end of the connection is what tells that the shard is lost.
          socket.disconnect();
        }
      });
    on('staged', (body) => {
      const { lease, squares } = controlStaged.parse(body);
      reports.staged(lease, opening.index, squares);
    });
    on('rejected', (body) => {
      const { lease, outcome } = controlRejected.parse(body);
      reports.rejected(lease, opening.index, outcome);
    });
    on('traffic', (body) => {
      const { devices, ...traffic } = controlTraffic.parse(body);
      this.#traffic = traffic;
      for (const [device, counted] of devices) this.#devices.set(device, counted);
    });
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  /** As far as it is known here. */
  trafficOf(device: string): MeteredTraffic {
    return this.#devices.get(device) ?? sumOfTraffic([]);
  }

  commit(record: CommitRecord): void {
    this.#socket.emit('commit', record);
  }

  refuse(lease: number, outcome: Outcome, version: number | null): void {
    this.#socket.emit('refuse', { lease, outcome, version });
  }

  keep(lease: number): void {
    this.#socket.emit('keep', { lease });
  }

  pin(lease: number, version: number): void {
    this.#socket.emit('pin', { lease, version });
  }

  async snapshot(): Promise<ShardSnapshot> {
    if (!this.#socket.connected) throw new RemoteShardError(`the shard at ${this.#url} was lost`);
    const body: unknown = await this.#socket.timeout(SNAPSHOT_WITHIN_MS).emitWithAck('snapshot', null);
    const { version, parameters, optimizerState } = controlSnapshot.parse(body);
    return {
      version,
      parameters: decodeFloat32(parameters),
      optimizerState: {
        slots: mapValues(optimizerState.slots, decodeFloat32),
        scalars: optimizerState.scalars,
      },
    };
  }

  close(): void {
    this.#socket.removeAllListeners('disconnect');
    this.#socket.disconnect();
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

/** Rejects when the shard closes the connection instead of opening. */
function turnedAway(socket: Socket, url: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    socket.once('disconnect', () =>
      reject(new RemoteShardError(`the shard at ${url} serves another coordinator`)),
    );
  });
}

/** The same record with each value turned into another. */
export function mapValues<From, To>(
  record: Record<string, From>,
  turn: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, turn(value)]));
}
