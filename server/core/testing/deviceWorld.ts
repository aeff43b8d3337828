import type { KeyRange } from '../../../shared/model/ranges.ts';
import type { Lease } from '../../../shared/protocol/messages.ts';
import type { Crowd } from '../crowd/crowd.ts';
import type { Coordinator } from '../run/coordinator.ts';
import type { Shard } from '../shard/shard.ts';
import type { Ledger } from './recorder.ts';
import type { VirtualClock } from './virtualClock.ts';
import type { Wire } from './wire.ts';

/** What a scripted device reaches of the world that it lives in; what it asks of the server is the present one's. */
export interface DeviceWorld {
  readonly clock: VirtualClock;
  readonly wire: Wire;
  readonly crowd: Crowd;
  readonly coordinator: Coordinator;
  readonly shards: Shard[];
  readonly ranges: KeyRange[];
  readonly ledger: Ledger;
  /** Every lease granted so far. */
  readonly leases: Map<number, Lease>;
  /** The parameters of one version as the shards give them out. */
  parametersAt(version: number): Float32Array;
}
