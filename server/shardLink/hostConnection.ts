import { io, type Socket } from 'socket.io-client';
import type { Outcome } from '../../shared/protocol/outcomes.ts';
import type { MeteredTraffic } from '../gateway/trafficMeter.ts';
import type { SliceProducts, Traffic } from '../core/shard/shardPort.ts';
import {
  CONTROL_PATH,
  decodeProducts,
  listen,
  SECRET_HEADER,
  type Body,
  type ToCoordinator,
  type ToShard,
} from './wire.ts';

const HOST_WITHIN_MS = 10_000;

/** A shard process that cannot be used; the message names its address. */
export class RemoteShardError extends Error {
  override name = 'RemoteShardError';
}

/** What one run hears of a host that has shards of it. */
export interface HostListener {
  staged(shard: number, lease: number, squares: number[], products: SliceProducts): void;
  rejected(shard: number, lease: number, outcome: Outcome): void;
  traffic(shards: (Traffic & { shard: number })[], devices: [device: string, MeteredTraffic][]): void;
  /** The connection is gone, and with it what the host held. */
  lost(error: RemoteShardError): void;
}

/** The connection of a server to a shard host in a process of its own, for all its runs there. */
export class HostConnection {
  readonly url: string;
  readonly #socket: Socket;
  readonly #listeners = new Map<string, HostListener>();
  #isTaken = false;
  /** Rejects when the connection ends: a host that serves another server ends it at once. */
  readonly ended: Promise<never>;

  /** @throws {RemoteShardError} where the host cannot be reached, does not know the secret, or serves another server. */
  static async open(secret: string, host: Body<'host'>): Promise<HostConnection> {
    const { url } = host;
    const socket = io(url, {
      path: CONTROL_PATH,
      transports: ['websocket'],
      reconnection: false,
      extraHeaders: { [SECRET_HEADER]: secret },
    });
    const connection = new HostConnection(url, socket);
    await Promise.race([connected(socket, url), connection.ended]);
    const taken = connection.ask('host', host, HOST_WITHIN_MS).catch(() => {
      throw new RemoteShardError(
        `the shard at ${url} gave no answer within ${HOST_WITHIN_MS / 1000} seconds: it may be of another version`,
      );
    });
    await Promise.race([taken, connection.ended]);
    connection.#isTaken = true;
    return connection;
  }

  private constructor(url: string, socket: Socket) {
    this.url = url;
    this.#socket = socket;
    this.ended = new Promise((_resolve, reject) => {
      socket.once('disconnect', () => {
        const what = this.#isTaken ? 'was lost' : 'serves another coordinator';
        const error = new RemoteShardError(`the shard at ${url} ${what}`);
        reject(error);
        for (const listener of this.#listeners.values()) listener.lost(error);
      });
    });
    // Who waits for it hears of it; once all shards are open nobody does.
    this.ended.catch(() => undefined);
    listen<ToCoordinator>(
      socket,
      {
        staged: ({ incarnation, shard, lease, squares, products }) =>
          this.#listeners.get(incarnation)?.staged(shard, lease, squares, decodeProducts(products)),
        rejected: ({ incarnation, shard, lease, outcome }) =>
          this.#listeners.get(incarnation)?.rejected(shard, lease, outcome),
        traffic: ({ incarnation, shards, devices }) =>
          this.#listeners.get(incarnation)?.traffic(shards, devices),
      },
      // The end of the connection is what tells that the host is lost.
      () => socket.disconnect(),
    );
  }

  get isConnected(): boolean {
    return this.#socket.connected;
  }

  /** Has a run hear of what it has there. */
  listen(incarnation: string, listener: HostListener): void {
    this.#listeners.set(incarnation, listener);
  }

  send<Event extends ToShard>(event: Event, body: Body<Event>): void {
    this.#socket.emit(event, body);
  }

  /** @throws {Error} where there is no answer in time. */
  async ask<Event extends ToShard>(event: Event, body: Body<Event>, withinMs: number): Promise<unknown> {
    return (await this.#socket.timeout(withinMs).emitWithAck(event, body)) as unknown;
  }

  /** Ends one run there, and no other. */
  closeRun(incarnation: string): void {
    this.#listeners.delete(incarnation);
    this.send('close', { incarnation });
  }

  close(): void {
    this.#listeners.clear();
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
