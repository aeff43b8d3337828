import type { Aggregation } from '../aggregation/aggregation.ts';
import type { UpdateFacts } from '../aggregation/rule.ts';
import type { Crowd } from '../crowd/crowd.ts';
import { TRUST } from '../crowd/trust.ts';
import { changedSettings, type LiveChanges, type LiveSettings } from '../liveSettings.ts';
import type { CommitMember } from '../policy/policy.ts';
import type { CommitRecord, RecordOf } from '../shard/records.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import type { LeaseManager } from './leaseManager.ts';
import { normOf } from './leaseTable.ts';
import type { Reached } from './reached.ts';

export interface CommitterParts {
  aggregation: Aggregation;
  crowd: Crowd;
  leases: LeaseManager;
  /** In the order of the key ranges. */
  shards: readonly ShardPort[];
}

/** Makes commit records and has the shards apply them: the one way to the parameters [CM1]. */
export class Committer {
  readonly #parts: CommitterParts;
  #version: number;
  #updates: number;
  #samples: number;
  #settings: LiveSettings;

  /** @param start what the run goes on from, and the samples that it was trained on until then. */
  constructor(start: Reached & { samples: number }, parts: CommitterParts) {
    this.#parts = parts;
    this.#version = start.version;
    this.#updates = start.updates;
    this.#samples = start.samples;
    this.#settings = start.settings;
  }

  get version(): number {
    return this.#version;
  }

  /** Update records so far. */
  get updates(): number {
    return this.#updates;
  }

  /** Samples trained on in all updates that were ever committed. */
  get samples(): number {
    return this.#samples;
  }

  /** The settings in force. */
  get settings(): LiveSettings {
    return this.#settings;
  }

  /** Makes these complete updates part of the model. @returns the devices that they are of. */
  commit(chosen: CommitMember[]): string[] {
    const record = this.#recordOf(chosen);
    this.#append(record);
    const updates = this.#updates++;
    return record.members.map(({ lease }) => {
      const live = this.#parts.leases.apply(lease);
      this.#samples += live.samples;
      const staleness = updates - live.baseUpdates;
      this.#parts.crowd.get(live.device)?.decided(lease, record.version, staleness);
      return live.device;
    });
  }

  /** Has settings take other values, as the next version. */
  configure(changes: LiveChanges): void {
    this.#append({ type: 'configure', version: this.#version + 1, changes });
    this.#settings = changedSettings(this.#settings, changes);
  }

  /** Brings back a marked state as the next version. */
  restore(of: number): void {
    this.#append({ type: 'restore', version: this.#version + 1, of });
  }

  /** The one place where records come from [CM1]. */
  #append(record: CommitRecord): void {
    for (const shard of this.#parts.shards) shard.commit(record);
    this.#version = record.version;
  }

  /** What the policy chose, weighed by the rule [AG1], within the part of bounded devices [TS15]. */
  #recordOf(chosen: CommitMember[]): RecordOf<'update'> {
    const { rule, coefficients, cap } = this.#parts.aggregation;
    const counts = coefficients(this.#factsOf(chosen));
    const weights = cap(
      chosen.map(({ ageFactor }, index) => (counts[index] ?? 0) * ageFactor),
      chosen.map(({ lease }) => this.#isBounded(lease)),
    );
    const members = chosen.map(({ lease }, index) => ({
      lease,
      weight: Math.fround(weights[index] ?? 0),
    }));
    return { type: 'update', version: this.#version + 1, rule, members };
  }

  /** Nothing speaks for a device that nobody remembers. */
  #isBounded(lease: number): boolean {
    const { crowd, leases } = this.#parts;
    return TRUST[crowd.get(leases.expectLive(lease).device)?.trust ?? 'new'].bounded;
  }

  #factsOf(chosen: CommitMember[]): UpdateFacts[] {
    const { aggregation, leases } = this.#parts;
    const updates = chosen.map(({ lease }) => leases.expectLive(lease));
    const products = aggregation.needsProducts ? leases.productsOf(updates) : [];
    return updates.map((live, index) => ({
      samples: live.samples,
      norm: normOf(live),
      products: products[index] ?? [],
    }));
  }
}
