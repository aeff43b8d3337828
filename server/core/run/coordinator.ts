import type { CodecName } from '../../../shared/codec/codecs.ts';
import type { KeyRange } from '../../../shared/model/ranges.ts';
import { shardAccessToken } from '../mac.ts';
import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { Aggregation } from '../aggregation/aggregation.ts';
import type { Clock } from '../clock.ts';
import type { Borrower, Crowd, DeviceSession } from '../crowd/crowd.ts';
import type { Device } from '../crowd/device.ts';
import { LeaseManager } from './leaseManager.ts';
import { normOf, type LiveLease } from './leaseTable.ts';
import type { Placement } from '../placement/placement.ts';
import type { CommitMember, LeaseGrant, Decision, Policy } from '../policy/policy.ts';
import type { CommitRecord, ShardPort, ShardReports } from '../shard/shardPort.ts';
import type { createWork } from './work.ts';

export interface CoordinatorSettings {
  run: string;
  /** Secret of the run. */
  key: Uint8Array;
  ranges: KeyRange[];
  /** In which updates travel. */
  codec: CodecName;
  version: number;
  samples: number;
  /** An update whose L2 norm is above this is answered NORM_EXCEEDED. */
  maxNorm: number;
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
  readonly #settings: CoordinatorSettings;
  readonly #parts: CoordinatorParts;
  readonly #leases: LeaseManager;
  #version: number;
  #samples: number;
  #granting = false;
  #deciding = true;
  #granted = false;
  #carryingOut = false;
  #cancelWake: () => void = () => undefined;

  constructor(settings: CoordinatorSettings, parts: CoordinatorParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#version = settings.version;
    this.#samples = settings.samples;
    const { run, key, ranges, codec } = settings;
    const { clock, policy, work, crowd } = parts;
    this.placement = parts.placement(() => this.#replanned());
    this.shards = parts.shards(this);
    this.#leases = new LeaseManager({
      run,
      key,
      ranges,
      codec,
      clock,
      policy,
      work,
      placement: this.placement,
      shards: this.shards,
      expired: (live) => this.#expire(live),
    });
    crowd.lendTo(this);
  }

  get version(): number {
    return this.#version;
  }

  /** Samples whose gradients are in the model. */
  get samples(): number {
    return this.#samples;
  }

  /** Lets work be leased and updates be decided. */
  start(): void {
    this.#granting = true;
    this.#granted = false;
    this.#decide();
  }

  /** Grants nothing more; what is out may still come in and count. */
  pause(): void {
    this.#granting = false;
    this.#decide();
  }

  /**
   * Grants and decides nothing, so that the version stands still; whole updates wait for {@link start} or
   * {@link pause}.
   */
  freeze(): void {
    this.#granting = false;
    this.#deciding = false;
  }

  /** Ends every live lease: nothing changes the parameters until {@link start} [RN4]. */
  stop(): void {
    this.freeze();
    for (const lease of this.#leases.all()) this.#withdraw(lease);
    this.#parts.policy.reset();
  }

  /** What a device shows to the shards of this run. */
  accessToken(device: string): string {
    return shardAccessToken(this.#settings.key, this.#settings.run, device);
  }

  asked(device: Device): void {
    device.ask(this.#version);
  }

  changed(device: Device): void {
    this.placement.noticed(device);
    // What an earlier connection had is reissued now [LS4].
    this.#pump();
  }

  withdraw(device: Device): void {
    for (const lease of device.leases) {
      const live = this.#leases.live(lease);
      if (live !== undefined && !live.complete) {
        this.#leases.settle(live, 'WITHDRAWN', null);
        device.history.lost++;
      }
      device.withdrawn(lease, null);
    }
  }

  /** The device cannot do its lease [LS5]. */
  release(session: DeviceSession, lease: number): Outcome {
    const device = this.#parts.crowd.heard(session);
    const live = this.#leases.live(lease);
    // A whole update of an earlier connection counts [LS16]: the device no longer holds its lease.
    if (live === undefined || device?.has(lease) !== true) return 'UNKNOWN_LEASE';
    this.#leases.settle(live, 'WITHDRAWN', null);
    this.#lose(device, lease);
    this.#pump();
    return 'OK';
  }

  staged(lease: number, shard: number, squares: number[]): void {
    const live = this.#leases.stage(lease, shard, squares);
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
    if (!this.#deciding) return;
    this.#decideWhole(live);
    this.#pump();
  }

  rejected(lease: number, _shard: number, outcome: Outcome): void {
    const live = this.#leases.live(lease);
    if (live !== undefined) this.#refuseFaulty(live, outcome);
  }

  /** An update that can never be applied: its device is at fault. */
  #refuseFaulty(live: LiveLease, outcome: Outcome): void {
    this.#leases.settle(live, outcome, null);
    const device = this.#parts.crowd.get(live.device);
    if (device !== undefined) this.#lose(device, live.lease);
    this.#pump();
  }

  /** Decides from now on, beginning with what became whole while nothing was decided. */
  #decide(): void {
    const waiting = this.#deciding ? [] : this.#leases.all().filter(({ complete }) => complete);
    this.#deciding = true;
    for (const lease of waiting) if (this.#mayDecide()) this.#decideWhole(lease);
    this.#pump();
  }

  /** A commit may end the run: this is to be asked again after each. */
  #mayDecide(): boolean {
    return this.#deciding;
  }

  /** Assigns what can be assigned, settles what can be settled, until nothing moves. */
  #pump(): void {
    // A connection may end in the moment of its answer, amid a commit: whoever carries that out goes on after.
    if (this.#carryingOut) return;
    const { policy, clock, crowd } = this.#parts;
    for (let moved = true; moved;) {
      moved = false;
      if (this.#granting) {
        for (const assignment of policy.assign(
          this.placement.admit(crowd.ready()),
          this.#version,
          clock.now(),
          this.placement.workerCounts(),
        )) {
          this.#grant(assignment);
          moved = true;
        }
      }
      if (this.#deciding) {
        const decisions = policy.settle(clock.now(), this.#granting);
        moved = this.#carryOut(decisions) || moved;
      }
    }
    this.#cancelWake();
    const wakeAt = this.#deciding ? policy.wakeAt() : null;
    if (wakeAt !== null && wakeAt > clock.now()) {
      this.#cancelWake = clock.after(wakeAt - clock.now(), () => this.#pump());
    }
  }

  #grant(assignment: LeaseGrant): void {
    const device = this.#parts.crowd.get(assignment.device);
    if (device === undefined) return;
    this.#leases.grant(device, assignment, this.#version);
    if (this.#granted) return;
    this.#granted = true;
    this.#parts.firstLease();
  }

  #expire(live: LiveLease): void {
    this.#leases.settle(live, 'EXPIRED', null);
    const device = this.#parts.crowd.get(live.device);
    if (device?.has(live.lease) === true) {
      device.late(live.lease, this.#parts.clock.now() - live.grantedAt, live.samples);
      this.placement.measured(device);
      this.#lose(device, live.lease);
    }
    this.#pump();
  }

  /** A lease came to nothing by the fault of its device, which may be one too many. */
  #lose(device: Device, lease: number): void {
    device.failed(lease);
    this.placement.noticed(device);
  }

  #decideWhole(live: LiveLease): void {
    const { lease, baseVersion, samples } = live;
    this.#carryOut(this.#parts.policy.completed({ lease, baseVersion, samples }, this.#version));
  }

  /** Says whether there was anything to do. */
  #carryOut(decisions: Decision[]): boolean {
    let moved = false;
    this.#carryingOut = true;
    try {
      for (const decision of decisions) {
        if (!this.#deciding) break;
        moved = true;
        switch (decision.type) {
          case 'commit':
            this.#commit(this.#recordOf(decision.members));
            break;
          case 'refuse':
            this.#turnDown(decision);
            break;
          case 'keep':
            this.#keep(decision.lease);
            break;
        }
      }
    } finally {
      this.#carryingOut = false;
    }
    return moved;
  }

  #turnDown({ lease, outcome }: Extract<Decision, { type: 'refuse' }>): void {
    const live = this.#leases.live(lease);
    if (live === undefined) return;
    this.#leases.settle(live, outcome, this.#version);
    this.#parts.crowd.get(live.device)?.decided(lease, this.#version, null);
  }

  /** A whole update stays staged, and its worker may have another lease of the round [LS10]. */
  #keep(lease: number): void {
    const live = this.#leases.live(lease);
    if (live === undefined) return;
    this.#parts.crowd.get(live.device)?.keep(lease);
    for (const shard of this.shards) shard.keep(lease);
  }

  /** What the policy chose, weighed by the rule [AG1]. */
  #recordOf(chosen: CommitMember[]): CommitRecord {
    const { rule, coefficients } = this.#parts.aggregation;
    const updates = chosen.map(({ lease }) => this.#leases.expectLive(lease));
    const counts = coefficients(updates.map((live) => ({ samples: live.samples, norm: normOf(live) })));
    const members = chosen.map(({ lease, ageFactor }, index) => ({
      lease,
      weight: Math.fround((counts[index] ?? 0) * ageFactor),
    }));
    return { version: this.#version + 1, rule, members };
  }

  /** Everything that changes the parameters passes here [CM1]. */
  #commit(record: CommitRecord): void {
    for (const shard of this.shards) shard.commit(record);
    this.#version = record.version;
    const devices = record.members.map(({ lease }) => {
      const live = this.#leases.apply(lease);
      this.#samples += live.samples;
      const staleness = record.version - 1 - live.baseVersion;
      this.#parts.crowd.get(live.device)?.decided(lease, record.version, staleness);
      return live.device;
    });
    this.placement.committed(devices);
    this.#parts.committed();
  }

  /** The run stops: the lease is nobody's fault, and the device may go on when the run does. */
  #withdraw(live: LiveLease): void {
    // A worker that had handed in everything goes on from the weights of its answer; the others ask [LS9].
    const version = live.complete ? this.#version : null;
    this.#leases.settle(live, 'WITHDRAWN', version);
    this.#parts.crowd.get(live.device)?.withdrawn(live.lease, version);
  }

  /** Another plan is in force: what a device may no longer train on is taken from it [PL11]. */
  #replanned(): void {
    for (const live of this.#leases.all()) {
      if (live.complete || this.placement.allows(live.device, live.dataShard)) continue;
      this.#leases.settle(live, 'WITHDRAWN', null);
      this.#parts.crowd.get(live.device)?.withdrawn(live.lease, null);
    }
    this.#pump();
  }
}
