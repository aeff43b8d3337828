import type { KeyRange } from '../../../shared/model/ranges.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { OptimizerName, OptimizerSettings, OptimizerState } from './optimizer.ts';
import type { Evidence } from './evidence.ts';
import type { CommitRecord } from './records.ts';

/** Everything a shard begins from. */
export interface ShardInit {
  index: number;
  /** Of all shards, in order; `ranges[index]` is this one's. */
  ranges: KeyRange[];
  /** Of the run, 8 hex digits. */
  incarnation: string;
  /** Secret of the run: what leases and passes are signed with. */
  key: Uint8Array;
  version: number;
  /** Update records so far; below the version where there were others. */
  updates: number;
  /** The model, as {@link ShardSnapshot} gives it. */
  parameters: Float32Array;
  optimizer: OptimizerSettings;
  /** The model is an EMA of the weights over a window of about this many update records; null: the newest parameters [OP2]. */
  average: number | null;
  /** What is staged of an update is this part of what was applied of its device last, and the rest of the update; 0: the update [AG28]. */
  deviceMomentum: number;
  /** Measure the inner products of the slices that are staged: the rule of the run may need them. */
  products: boolean;
  /** Absent at the start of a run. */
  optimizerState?: OptimizerState;
}

/** A shard's slice of everything a checkpoint keeps, at one version. */
export interface ShardSnapshot {
  version: number;
  /** The model: what is measured and kept. */
  parameters: Float32Array;
  /** Where the model is an average, the slot {@link NEWEST} has the parameters that training goes on from. */
  optimizerState: OptimizerState;
}

/** A slice of a state that can be brought back, and the optimizer that its slots are of. */
export interface MarkedState extends ShardSnapshot {
  optimizer: OptimizerName;
}

/** The optimizer's slot of the newest parameters, beside a model that is an average of them. */
export const NEWEST = 'newest';

/** Bytes of tensors that came in as updates and went out as weights. */
export interface Traffic {
  bytesUp: number;
  bytesDown: number;
}

/** What the coordinator asks of a shard, wherever it runs. Messages arrive in the order they were sent. */
export interface ShardPort {
  commit(record: CommitRecord): void;
  /** `version`: give these weights with the answer; null: none. */
  refuse(lease: number, outcome: Outcome, version: number | null): void;
  /** Answer the push of a whole update, which stays staged: its worker is wanted for more [LS10]. */
  keep(lease: number): void;
  /** Keep `version` until `lease` is decided: its device has yet to pull it. */
  pin(lease: number, version: number): void;
  /** Keep the slices of this version and of the update that comes under the lease, as far as memory goes [AT1]. */
  keepEvidence(lease: number, version: number): void;
  /** What is kept of a lease, once it is complete; null where it is not kept. Do not change the arrays. */
  evidence(lease: number): Promise<Evidence | null>;
  /** Keep nothing more of a lease. */
  dropEvidence(lease: number): void;
  /** Keep the whole state as it is at this version, for a restore [RS1]. */
  mark(): void;
  /** Keep a state of earlier as {@link mark} would have; settles when it is there. */
  load(state: MarkedState): Promise<void>;
  /** Forget the marks of all versions but these. */
  keepMarks(versions: number[]): void;
  /** The state after every message sent before. */
  snapshot(): Promise<ShardSnapshot>;
  /** As far as it is known here. */
  readonly traffic: Traffic;
}

/** Inner products of one slice with others of its shard, in double precision. */
export interface SliceProducts {
  /** Of the others. */
  leases: number[];
  /** A row for each of them, of one sum a block. */
  sums: Float64Array;
}

/** What a shard tells the coordinator. */
export interface ShardReports {
  /**
   * A slice is there; `squares` are its blocks' sums of squares, `products` its inner products with all that were staged
   * before it and are not decided yet, or with none where the run needs none. So each pair that is staged was reported by one of the two.
   */
  staged(lease: number, shard: number, squares: number[], products: SliceProducts): void;
  /** The leaseholder sent a slice that can never be applied. */
  rejected(lease: number, shard: number, outcome: Outcome): void;
}
