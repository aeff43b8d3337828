import type {
  Hello,
  Lease,
  Ready,
  Refusal,
  RunDescription,
  RunStatus,
  SignedTerms,
  Welcome,
} from '../../shared/protocol/messages.ts';
import type { Transport } from './transport.ts';
import type { Outcome } from '../../shared/protocol/outcomes.ts';

/** A request got no answer because its connection ended; the connection comes back automatically. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost';
}

/** A shard's answer with its slice decoded. */
export interface SliceReply {
  outcome: Outcome;
  /** The version and slice that came along; null where none did. */
  weights: { version: number; values: Float32Array } | null;
}

/** A shard as the training loop sees it. Every promise settles: with the answer, or rejected when the connection is lost. */
export interface ShardClient {
  pull(version: number): Promise<SliceReply>;
  /** @param values this shard's slice of the update. */
  push(terms: SignedTerms, values: Float32Array): Promise<SliceReply>;
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
  /** Connects to the shards of a run, in the order of its map. */
  joinShards(welcome: Welcome, run: RunDescription): Promise<ShardClient[]>;
  /** Drops the connection and opens it again: a part of it no longer answers. */
  restart(): void;
  close(): void;
}

/** The same, before it is known what its tensors travel by. */
export interface BareConnection extends Omit<Connection, 'joinShards'> {
  /** Connects to the shards of a run; what was connected before is closed. */
  openShards(device: string, run: RunDescription): Transport;
}
