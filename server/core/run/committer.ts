import { deriveSeed, permutation } from '../../../shared/random/generator.ts';
import type { TrustRecord } from '../../../shared/protocol/trust.ts';
import type { Aggregation } from '../aggregation/aggregation.ts';
import type { UpdateFacts } from '../aggregation/rule.ts';
import { heldDown, type VoicedUpdate } from '../aggregation/voices.ts';
import type { Crowd } from '../crowd/crowd.ts';
import { clipsAt, firstTrust, isVouchedFor, TRUST, voicesOf } from '../crowd/trust.ts';
import { changedSettings, type LiveChanges, type LiveSettings } from '../liveSettings.ts';
import type { CommitMember } from '../policy/policy.ts';
import type { CommitRecord, RecordOf } from '../shard/records.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import type { LeaseManager } from './leaseManager.ts';
import { normOf, type LiveLease } from './leaseTable.ts';
import type { NormBound } from './normBound.ts';
import type { Reached } from './reached.ts';
import type { NormedUnit, NormedUpdate } from './usualNorms.ts';
import type { WrongShares } from './wrongShares.ts';

export interface CommitterParts {
  aggregation: Aggregation;
  crowd: Crowd;
  leases: LeaseManager;
  /** Null: no update is scaled down. */
  norms: NormBound | null;
  wrongShares: WrongShares;
  /** Of what is drawn; no device may know it. */
  drawSeed: number;
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
    this.#parts.wrongShares.committed(record);
    const updates = this.#updates++;
    return record.members.map(({ lease }) => {
      const live = this.#parts.leases.apply(lease);
      this.#samples += live.samples;
      const staleness = updates - live.baseUpdates;
      this.#parts.crowd.get(live.device)?.decided(lease, record.version, staleness);
      return live.device;
    });
  }

  /** An update of this device was found wrong: its norms say nothing of what is usual [NB6]. */
  distrust(device: string): void {
    this.#parts.norms?.forget(device);
  }

  /** The norm of an update that the server computed itself, from the state that the run begins with [NB7]. */
  refer(unit: NormedUnit, norm: number): void {
    this.#parts.norms?.refer(unit, norm);
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
  #recordOf(inOrder: CommitMember[]): RecordOf<'update'> {
    const chosen = this.#drawn(inOrder);
    const { rule, coefficients, cap } = this.#parts.aggregation;
    const updates = chosen.map(({ lease }) => this.#parts.leases.expectLive(lease));
    const scales = updates.map((live) => this.#scaleOf(live));
    const voiced = updates.map((live) => this.#voicedOf(live));
    const isHeldDown = heldDown(voiced);
    const counts = coefficients(this.#factsOf(updates, { scales, voiced, isHeldDown }));
    const weights = cap(
      chosen.map(({ ageFactor }, index) => (counts[index] ?? 0) * ageFactor),
      isHeldDown,
    );
    const members = chosen.map(({ lease }, index) => ({
      lease,
      weight: Math.fround((weights[index] ?? 0) * (scales[index] ?? 1)),
    }));
    updates.forEach((live, index) => this.#parts.norms?.learn(normed(live), scales[index] ?? 1));
    return { type: 'update', version: this.#version + 1, rule, members };
  }

  /** Where updates in a row stand for one, no device may know which [AG27]. */
  #drawn(members: CommitMember[]): CommitMember[] {
    const { aggregation, drawSeed } = this.#parts;
    if (aggregation.bucket === 1) return members;
    const order = permutation(deriveSeed(drawSeed, this.#version), members.length);
    return [...order].flatMap((index) => members[index] ?? []);
  }

  /** Nothing speaks for a device that nobody remembers. */
  #trustOf({ device }: LiveLease): TrustRecord {
    return this.#parts.crowd.get(device)?.history.trust ?? firstTrust(false);
  }

  #voicedOf(live: LiveLease): VoicedUpdate {
    const { device, samples } = live;
    const trust = this.#trustOf(live);
    return { device, samples, voices: voicesOf(trust), isBounded: TRUST[trust.state].bounded };
  }

  #scaleOf(live: LiveLease): number {
    return this.#parts.norms?.scaleOf(normed(live), clipsAt(this.#trustOf(live))) ?? 1;
  }

  /** What the rule is told of updates that are scaled so: what is held down is so before the rule sees it, too. */
  #factsOf(
    updates: readonly LiveLease[],
    { scales, voiced, isHeldDown }: { scales: number[]; voiced: VoicedUpdate[]; isHeldDown: boolean[] },
  ): UpdateFacts[] {
    const { aggregation, leases } = this.#parts;
    const products = aggregation.needsProducts ? leases.productsOf(updates) : [];
    const samples = aggregation.cap(aggregation.samples(voiced), isHeldDown);
    return updates.map((live, index) => {
      const scale = scales[index] ?? 1;
      return {
        samples: samples[index] ?? 0,
        norm: normOf(live) * scale,
        products: (products[index] ?? []).map((product, other) => product * scale * (scales[other] ?? 1)),
        vouched: isVouchedFor(this.#trustOf(live)),
      };
    });
  }
}

const normed = (live: LiveLease): NormedUpdate => ({
  device: live.device,
  kind: live.kind,
  samples: live.samples,
  norm: normOf(live),
});
