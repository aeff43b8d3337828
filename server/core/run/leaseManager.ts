import type { CodecName } from '../../../shared/codec/codecs.ts';
import type { KeyRange } from '../../../shared/model/ranges.ts';
import { macOfTerms } from '../mac.ts';
import type { LeaseTerms } from '../../../shared/protocol/messages.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { AuditScheduler } from './audits.ts';
import type { Clock } from '../clock.ts';
import type { Device } from '../crowd/device.ts';
import { InnerProducts } from './innerProducts.ts';
import { localRatesOf } from '../liveSettings.ts';
import { LeaseTable, squareOf, type LiveLease } from './leaseTable.ts';
import type { Placement } from '../placement/placement.ts';
import type { LeaseGrant, Policy } from '../policy/policy.ts';
import type { ShardPort, SliceProducts } from '../shard/shardPort.ts';
import { samplesOf } from '../unit.ts';
import type { Reached } from './reached.ts';
import type { createWork } from './work.ts';

export interface LeaseManagerParts {
  /** Of the run. */
  incarnation: string;
  /** Secret of the run. */
  key: Uint8Array;
  ranges: KeyRange[];
  /** In which updates travel. */
  codec: CodecName;
  clock: Clock;
  policy: Policy;
  work: ReturnType<typeof createWork>;
  placement: Placement;
  /** In the order of the key ranges. */
  shards: readonly ShardPort[];
  audits: AuditScheduler;
  /** A lease's deadline passed before its update was whole. */
  expired: (live: LiveLease) => void;
}

/** Grants leases, follows their slices, and ends them: what the device, the policy and the shards are told of each. */
export class LeaseManager {
  readonly #parts: LeaseManagerParts;
  readonly #book = new LeaseTable();
  readonly #products: InnerProducts;

  constructor(parts: LeaseManagerParts) {
    this.#parts = parts;
    this.#products = new InnerProducts(parts.shards.length);
  }

  live(lease: number): LiveLease | undefined {
    return this.#book.live(lease);
  }

  all(): LiveLease[] {
    return this.#book.all();
  }

  /** Sends a device its lease on the present version, which is kept for it where it has yet to pull it [CM9]. */
  grant(device: Device, assignment: LeaseGrant, { version, updates, settings }: Reached): void {
    const { incarnation, key, ranges, codec, clock, policy, work, placement, shards, audits } = this.#parts;
    const lease = this.#book.nextId();
    const planned = placement.nextUnit(device);
    const unit = work(assignment.key, updates, planned, localRatesOf(settings));
    const now = clock.now();
    // The message has whole milliseconds, the clock fractions.
    const remainingMs = Math.ceil(assignment.leaseMs);
    const terms: LeaseTerms = {
      lease,
      device: device.id,
      incarnation,
      baseVersion: version,
      kind: unit.local === null ? 'gradient' : 'delta',
      samples: samplesOf(unit),
      deadline: Math.ceil(now + remainingMs),
      codec,
    };
    if (device.holds !== version) for (const shard of shards) shard.pin(lease, version);
    const live: LiveLease = {
      lease,
      device: device.id,
      baseVersion: version,
      baseUpdates: updates,
      kind: terms.kind,
      samples: terms.samples,
      unit,
      dataShard: unit.dataShard.index,
      plannedStart: planned?.start ?? null,
      grantedAt: now,
      blockSums: shards.map(() => undefined),
      complete: false,
      waits: false,
      cancelDeadline: clock.after(remainingMs, () => this.#parts.expired(live)),
    };
    this.#book.add(live);
    audits.granted(live, device.profile.engine?.name ?? null);
    policy.granted(lease, assignment);
    device.take(assignment.seat, lease);
    const mac = macOfTerms(key, terms, ranges);
    device.port.lease({ terms: { ...terms, mac }, unit, remainingMs });
  }

  /**
   * A shard staged a slice. Answers the lease once its last slice is there, else null; where the lease is not
   * live, that shard is told how it ended.
   */
  stage(lease: number, shard: number, squares: number[], products: SliceProducts): LiveLease | null {
    const live = this.#book.live(lease);
    if (live === undefined) {
      this.#parts.shards[shard]?.refuse(lease, this.#book.endOf(lease), null);
      return null;
    }
    live.blockSums[shard] = squares;
    this.#products.add(lease, shard, products, (other) => this.#book.live(other) !== undefined);
    return live.blockSums.some((each) => each === undefined) ? null : live;
  }

  /** The update is whole and within bounds: from now on only the policy decides it, no deadline. */
  complete(live: LiveLease): void {
    live.complete = true;
    live.cancelDeadline();
  }

  /** A lease whose update is to be part of a commit. @throws {Error} where it is not live: a broken invariant. */
  expectLive(lease: number): LiveLease {
    const live = this.#book.live(lease);
    if (live === undefined) throw new Error(`coordinator: commit of lease ${lease}, which is not live`);
    return live;
  }

  /**
   * The inner products of complete updates: a row for each, in their order.
   * @throws {Error} where one is not known: a broken invariant.
   */
  productsOf(updates: readonly LiveLease[]): number[][] {
    return updates.map((one) =>
      updates.map((other) =>
        one === other ? squareOf(one) : this.#products.between(one.lease, other.lease),
      ),
    );
  }

  /** Ends a lease whose update is part of a commit. @throws {Error} as {@link expectLive}. */
  apply(lease: number): LiveLease {
    const live = this.expectLive(lease);
    this.#end(live, 'APPLIED');
    return live;
  }

  /** Ends a lease without a commit; its work is reissued. `version`: the weights that go with the answer. */
  settle(live: LiveLease, outcome: Outcome, version: number | null): void {
    this.#end(live, outcome);
    this.#parts.policy.ended(live.lease);
    const { dataShard, plannedStart, samples } = live;
    if (plannedStart !== null) this.#parts.placement.lost({ dataShard, start: plannedStart, samples });
    for (const shard of this.#parts.shards) shard.refuse(live.lease, outcome, version);
  }

  #end(live: LiveLease, outcome: Outcome): void {
    this.#book.end(live, outcome);
    this.#products.forget(live.lease);
    this.#parts.audits.ended(live.lease);
  }
}
