import type { Outcome } from '../../shared/protocol/outcomes.ts';
import type { Evidence } from '../core/shard/evidence.ts';
import type { CommitRecord } from '../core/shard/records.ts';
import type { MarkedState, ShardInit, ShardPort, ShardSnapshot, Traffic } from '../core/shard/shardPort.ts';
import { RemoteShardError, type HostConnection } from './hostConnection.ts';
import { decodeEvidence, decodeSnapshot, encodeInit, encodeMark, type Body, type ToShard } from './wire.ts';

const OPEN_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 60_000;

/** The coordinator's end of one shard in a process of its own. */
export class RemoteShard implements ShardPort {
  readonly index: number;
  /** Settles when the shard has taken its part of the model. @throws {RemoteShardError} where it does not. */
  readonly opened: Promise<void>;
  /** As the host told last. */
  traffic: Traffic = { bytesUp: 0, bytesDown: 0 };
  readonly #host: HostConnection;
  readonly #at: { incarnation: string; shard: number };

  constructor(host: HostConnection, init: ShardInit) {
    this.#host = host;
    this.index = init.index;
    this.#at = { incarnation: init.incarnation, shard: init.index };
    const taken = host.ask('open', encodeInit(init), OPEN_WITHIN_MS).catch(() => {
      throw new RemoteShardError(
        `the shard at ${host.url} did not open within ${OPEN_WITHIN_MS / 1000} seconds`,
      );
    });
    this.opened = Promise.race([taken, host.ended]).then(() => undefined);
    // A failure rejects the promise of the run's shards.
    this.opened.catch(() => undefined);
  }

  commit(record: CommitRecord): void {
    this.#host.send('commit', { ...this.#at, record });
  }

  refuse(lease: number, outcome: Outcome, version: number | null): void {
    this.#host.send('refuse', { ...this.#at, lease, outcome, version });
  }

  keep(lease: number): void {
    this.#host.send('keep', { ...this.#at, lease });
  }

  pin(lease: number, version: number): void {
    this.#host.send('pin', { ...this.#at, lease, version });
  }

  keepEvidence(lease: number, version: number): void {
    this.#host.send('keepEvidence', { ...this.#at, lease, version });
  }

  async evidence(lease: number): Promise<Evidence | null> {
    return decodeEvidence(await this.#ask('evidence', { ...this.#at, lease }));
  }

  dropEvidence(lease: number): void {
    this.#host.send('dropEvidence', { ...this.#at, lease });
  }

  mark(): void {
    this.#host.send('mark', this.#at);
  }

  async load(state: MarkedState): Promise<void> {
    await this.#ask('load', { ...this.#at, state: encodeMark(state) });
  }

  keepMarks(versions: number[]): void {
    this.#host.send('keepMarks', { ...this.#at, versions });
  }

  async snapshot(): Promise<ShardSnapshot> {
    return decodeSnapshot(await this.#ask('snapshot', this.#at));
  }

  /** @throws {RemoteShardError} where the host is lost. @throws {Error} where there is no answer in time. */
  async #ask<Event extends ToShard>(event: Event, body: Body<Event>): Promise<unknown> {
    if (!this.#host.isConnected) throw new RemoteShardError(`the shard at ${this.#host.url} was lost`);
    return this.#host.ask(event, body, ANSWER_WITHIN_MS);
  }
}
