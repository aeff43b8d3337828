import type { CodecName } from '../../../shared/codec/codecs.ts';
import type { KeyRange } from '../../../shared/model/ranges.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import { deriveSeed } from '../../../shared/random/generator.ts';
import type { Aggregation } from '../aggregation/aggregation.ts';
import type { Clock } from '../clock.ts';
import type { Borrower, Crowd, DeviceSession } from '../crowd/crowd.ts';
import type { Device } from '../crowd/device.ts';
import type { AuditVerdict } from '../../../shared/protocol/trust.ts';
import type { AuditScheduler } from './audits.ts';
import { Committer } from './committer.ts';
import { FirstNorm } from './firstNorm.ts';
import { LeaseEnds } from './leaseEnds.ts';
import { LeaseManager } from './leaseManager.ts';
import type { LiveChanges, LiveSettings } from '../liveSettings.ts';
import { normOf, type LiveLease } from './leaseTable.ts';
import { Marks } from './marks.ts';
import { NormBound } from './normBound.ts';
import { PolicyLoop } from './policyLoop.ts';
import { Refusals } from './refusals.ts';
import { createAudits, type RunAudits } from './runAudits.ts';
import type { Placement } from '../placement/placement.ts';
import type { Policy } from '../policy/policy.ts';
import type { ShardPort, ShardReports, SliceProducts } from '../shard/shardPort.ts';
import { WrongShares } from './wrongShares.ts';
import type { NormedUnit } from './usualNorms.ts';
import type { createWork } from './work.ts';

export interface CoordinatorSettings {
  incarnation: string;
  /** Secret of the run. */
  key: Uint8Array;
  ranges: KeyRange[];
  /** In which updates travel. */
  codec: CodecName;
  version: number;
  /** Update records among those of the version. */
  updates: number;
  samples: number;
  /** Of the run, of those that may change. */
  settings: LiveSettings;
  /** An update whose L2 norm is above this is answered NORM_EXCEEDED. */
  maxNorm: number;
  /** Updates that are far larger than usual are scaled down. Whose they are decides, so a repeatable run does without. */
  boundsNorms: boolean;
}

export interface CoordinatorParts {
  clock: Clock;
  policy: Policy;
  aggregation: Aggregation;
  work: ReturnType<typeof createWork>;
  /** The devices that the run may be lent. */
  crowd: Crowd;
  /** Makes the run's placement. @param replanned is called when another plan is in force. */
  placement: (replanned: () => void) => Placement;
  /** Makes the run's shards, in the order of the key ranges. @param reports is told what becomes of pushes. */
  shards: (reports: ShardReports) => readonly ShardPort[];
  /** How updates are audited; null: they are not. */
  audits: RunAudits | null;
  /** Updates that decided the commit of this version were found wrong afterwards. */
  undermined: (version: number) => void;
  /** Most devices sent what could not be part of the model: that may be because of the model. */
  suspected: () => void;
  /** Called after each commit, before anything else is decided. */
  committed: () => void;
  /** Called at the first lease after each {@link Coordinator.start}. */
  firstLease: () => void;
}

/**
 * Decides who works on what and what becomes part of the model. Carries no tensors: shards stage them and
 * apply its commit records. Plain code: every method returns at once, time is the injected clock's.
 */
export class Coordinator implements Borrower, ShardReports {
  readonly placement: Placement;
  /** In the order of the key ranges. */
  readonly shards: readonly ShardPort[];
  readonly audits: AuditScheduler;
  readonly #settings: CoordinatorSettings;
  readonly #parts: CoordinatorParts;
  readonly #leases: LeaseManager;
  readonly #ends: LeaseEnds;
  readonly #committer: Committer;
  readonly #wrongShares = new WrongShares();
  readonly #refusals = new Refusals();
  readonly #firstNorm = new FirstNorm();
  /** The states that can be brought back. */
  readonly marks: Marks;
  /** What becomes of an update that waited, by what its audit found [AT9]. */
  readonly #afterAudit: Readonly<Record<AuditVerdict, (live: LiveLease) => void>> = {
    right: (live) => this.#loop.complete(live),
    wrong: (live) => this.#ends.fail(live, 'WRONG_UPDATE'),
    unclear: (live) => this.#ends.withdraw(live, this.version),
  };
  readonly #loop: PolicyLoop;

  constructor(settings: CoordinatorSettings, parts: CoordinatorParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { incarnation, key, ranges, codec } = settings;
    const { clock, policy, work, crowd } = parts;
    this.placement = parts.placement(() => this.#replanned());
    this.shards = parts.shards(this);
    this.audits = createAudits(parts.audits, {
      clock,
      crowd,
      ranges,
      shards: this.shards,
      foundWrong: (lease, device) => this.#foundWrong(lease, device),
    });
    this.#leases = new LeaseManager({
      incarnation,
      key,
      ranges,
      codec,
      clock,
      policy,
      work,
      placement: this.placement,
      shards: this.shards,
      audits: this.audits,
      expired: (live) => this.#expire(live),
    });
    this.marks = new Marks(this.shards, ranges);
    const common = { crowd, leases: this.#leases, shards: this.shards };
    this.#ends = new LeaseEnds({ ...common, clock, placement: this.placement });
    this.#committer = new Committer(settings, {
      ...common,
      norms: settings.boundsNorms ? new NormBound() : null,
      wrongShares: this.#wrongShares,
      drawSeed: deriveSeed(...key),
      aggregation: parts.aggregation,
    });
    this.#loop = new PolicyLoop({
      ...common,
      clock,
      policy,
      placement: this.placement,
      ends: this.#ends,
      committer: this.#committer,
      firstLease: parts.firstLease,
      committed: (devices) => {
        for (const device of devices) this.#refusals.applied(device);
        parts.committed();
      },
    });
    crowd.lendTo(this);
  }

  get version(): number {
    return this.#committer.version;
  }

  /** Update records so far. */
  get updates(): number {
    return this.#committer.updates;
  }

  /** Samples trained on in all updates that were ever committed. */
  get samples(): number {
    return this.#committer.samples;
  }

  /** The settings in force, of those that may change. */
  get settings(): LiveSettings {
    return this.#committer.settings;
  }

  /** Has settings take other values from the next version on [CF1]; nothing that is out on lease ends. */
  configure(changes: LiveChanges): void {
    this.#committer.configure(changes);
    this.#forgive();
    this.#loop.pump();
  }

  /**
   * The server computes an update itself, from the state that the run begins with: until {@link referred}, updates of
   * devices that nobody vouches for wait [NB7].
   */
  expectReference(): void {
    this.#firstNorm.expect();
  }

  /** @param reference what came of that; null: nothing did. */
  referred(reference: { unit: NormedUnit; norm: number } | null): void {
    if (reference !== null) this.#committer.refer(reference.unit, reference.norm);
    this.#firstNorm.settle();
    this.#loop.pump();
  }

  /** Lets work be leased and updates be decided. */
  start(): void {
    this.#loop.start();
  }

  /** Grants nothing more; what is out may still come in and count. */
  pause(): void {
    this.#loop.pause();
  }

  /**
   * Grants and decides nothing, so that the version stands still; complete updates wait for {@link start} or
   * {@link pause}.
   */
  freeze(): void {
    this.#loop.freeze();
  }

  /** Ends every live lease: nothing changes the parameters until {@link start} [RN4]. */
  stop(): void {
    this.freeze();
    this.#withdrawAll();
  }

  /**
   * Brings back the state that is marked at a version, as the next version [RS1]. Every lease is of the state that is
   * undone and ends, complete or not; the devices go on from the state that is back [RS2].
   * @throws {Error} where the version is not marked.
   */
  restore(of: number): void {
    if (!this.marks.has(of)) throw new Error(`coordinator: version ${of} is not marked`);
    this.#committer.restore(of);
    this.#withdrawAll();
    this.#forgive();
    this.#loop.pump();
  }

  /** A model that has gone bad makes honest devices fail: what they failed at before may be no fault of theirs [RS11]. */
  #forgive(): void {
    this.#refusals.forget();
    for (const device of this.#parts.crowd.present()) device.forgive(this.version);
  }

  #withdrawAll(): void {
    for (const live of this.#leases.all()) {
      // A worker whose update is complete goes on from the weights of its answer; the others ask [LS9].
      this.#ends.withdraw(live, live.complete ? this.version : null);
    }
    this.#parts.policy.reset();
  }

  asked(device: Device): void {
    device.ask(this.version);
  }

  changed(device: Device): void {
    this.placement.noticed(device);
    // What an earlier connection had is reissued now [LS4].
    this.#loop.pump();
  }

  withdraw(device: Device): void {
    this.#ends.withdrawAll(device);
  }

  bar(device: Device): void {
    this.#ends.bar(device);
  }

  /** The device cannot do its lease [LS5]. */
  release(session: DeviceSession, lease: number): Outcome {
    const device = this.#parts.crowd.heard(session);
    const live = this.#leases.live(lease);
    // A complete update of an earlier connection counts [LS16]: the device no longer holds its lease.
    if (live === undefined || device?.has(lease) !== true) return 'UNKNOWN_LEASE';
    this.#ends.fail(live, 'WITHDRAWN');
    this.#loop.pump();
    return 'OK';
  }

  staged(lease: number, shard: number, squares: number[], products: SliceProducts): void {
    const live = this.#leases.stage(lease, shard, squares, products);
    if (live === null) return;
    // Put so that a norm that is no number is out of bounds too: a shard elsewhere may be at fault.
    if (!(normOf(live) <= this.#settings.maxNorm)) {
      this.#refuseFaulty(live, 'NORM_EXCEEDED');
      return;
    }
    this.#leases.complete(live);
    const elapsedMs = this.#parts.clock.now() - live.grantedAt;
    const device = this.#parts.crowd.get(live.device);
    if (device !== undefined) {
      device.submitted(lease, elapsedMs, live.samples);
      this.placement.measured(device);
    }
    live.waits =
      this.audits.completed(live, (verdict) => this.#audited(live, verdict)) || this.#waitsForNorm(live);
    if (live.waits) return;
    this.#loop.complete(live);
    this.#loop.pump();
  }

  #waitsForNorm(live: LiveLease): boolean {
    const isVouched = this.#parts.crowd.get(live.device)?.history.trust.vouched ?? false;
    return !isVouched && this.#firstNorm.holds(() => this.#heldNoLonger(live));
  }

  #heldNoLonger(live: LiveLease): void {
    live.waits = false;
    this.#loop.complete(live);
  }

  /** An update waits no longer. @param verdict of its audit; null where that did not come in time. */
  #audited(live: LiveLease, verdict: AuditVerdict | null): void {
    live.waits = false;
    this.#afterAudit[verdict ?? 'unclear'](live);
    this.#loop.pump();
  }

  #foundWrong(lease: number, device: string): void {
    this.#committer.distrust(device);
    const live = this.#leases.live(lease);
    // One that waits for its audit ends when that is over.
    if (live?.waits === false) {
      this.#ends.fail(live, 'WRONG_UPDATE');
      this.#loop.pump();
    }
    const version = this.#wrongShares.foundWrong(lease);
    if (version !== null) this.#parts.undermined(version);
  }

  rejected(lease: number, _shard: number, outcome: Outcome): void {
    const live = this.#leases.live(lease);
    if (live !== undefined) this.#refuseFaulty(live, outcome);
  }

  /** An update that can never be applied: its device is at fault. */
  #refuseFaulty(live: LiveLease, outcome: Outcome): void {
    const { crowd, suspected } = this.#parts;
    this.#ends.fail(live, outcome);
    if (this.#refusals.refused(live.device, crowd.present())) suspected();
    this.#loop.pump();
  }

  #expire(live: LiveLease): void {
    this.#ends.expire(live);
    this.#loop.pump();
  }

  /** Another plan is in force: what a device may no longer train on is taken from it [PL11]. */
  #replanned(): void {
    for (const live of this.#leases.all()) {
      if (live.complete || this.placement.allows(live.device, live.dataShard)) continue;
      this.#ends.withdraw(live, null);
    }
    this.#loop.pump();
  }
}
