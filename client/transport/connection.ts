import type {
  Hello,
  Lease,
  Ready,
  Refusal,
  RunDescription,
  RunStatus,
  ShardMap,
  SignedTerms,
  Welcome,
} from '../../shared/protocol/messages.ts';
import type { Transport } from './transport.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';

/** A request got no answer because its connection ended; the connection comes back automatically. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost';
}

/** A shard host's answer with the slices decoded. */
export interface HostReply {
  outcome: Outcome;
  /** The version and the slices that came along, one of each shard there; null where none did. */
  weights: { version: number; slices: Float32Array[] } | null;
}

/**
 * The shards of a run at one host as the training loop sees them. Every promise settles: with the answer, or rejected
 * when the connection is lost.
 */
export interface HostClient {
  /** Of its shards, in the order of the shard map. */
  readonly places: ShardMap;
  pull(version: number): Promise<HostReply>;
  /** @param slices of the update, one for each of the places. */
  push(terms: SignedTerms, slices: readonly Float32Array[]): Promise<HostReply>;
}

/** What the coordinator says without being asked. */
export interface CoordinatorEvents {
  connected(): void;
  disconnected(): void;
  /** What this device has to know of a run, before its first lease there. */
  run(run: RunDescription): void;
  lease(lease: Lease): void;
  status(status: RunStatus): void;
  /** The plan has no work for this device, for this reason; null where it has again. */
  reserve(why: string | null): void;
  /** The server closes this connection and says why. */
  closing(refusal: Refusal): void;
  /** It sent something that cannot be read; the reason names it. */
  garbled(reason: string): void;
}

/** The coordinator as the training loop sees it. */
export interface CoordinatorClient {
  hello(hello: Hello): Promise<Welcome | Refusal>;
  ready(ready: Ready): Promise<void>;
  release(lease: number, reason: string): Promise<void>;
  leave(): Promise<void>;
}

/** A device's connection to a server. */
export interface Connection {
  coordinator: CoordinatorClient;
  /** Connects to the shard hosts of a run, where it is not connected yet; in their order. */
  joinHosts(welcome: Welcome, run: RunDescription): Promise<HostClient[]>;
  /** Drops the connection and opens it again: a part of it no longer answers. */
  restart(): void;
  close(): void;
}

/** The same, before it is known what its tensors travel by. */
export interface BareConnection extends Omit<Connection, 'joinHosts'> {
  /** Connects to a shard host; it is closed when the connection to the coordinator ends. @param url as in the shard map. */
  openHost(url: string, device: string, accessToken: string): Transport;
}
