import type { Clock } from '../clock.ts';
import type { Crowd } from '../crowd/crowd.ts';
import type { Placement } from '../placement/placement.ts';
import type { CommitMember, Decision, LeaseGrant, Policy } from '../policy/policy.ts';
import type { Committer } from './committer.ts';
import type { LeaseEnds } from './leaseEnds.ts';
import type { LeaseManager } from './leaseManager.ts';
import type { LiveLease } from './leaseTable.ts';

export interface PolicyLoopParts {
  clock: Clock;
  policy: Policy;
  crowd: Crowd;
  placement: Placement;
  leases: LeaseManager;
  ends: LeaseEnds;
  committer: Committer;
  /** Called at the first lease after each {@link PolicyLoop.start}. */
  firstLease: () => void;
  /** Updates of these devices became part of the model; called before anything else is decided. */
  committed: (devices: readonly string[]) => void;
}

/** Asks the policy what is to be done, and does it: grants leases, commits updates and refuses them. */
export class PolicyLoop {
  readonly #parts: PolicyLoopParts;
  #granting = false;
  #deciding = true;
  #granted = false;
  #carryingOut = false;
  #cancelWake: () => void = () => undefined;

  constructor(parts: PolicyLoopParts) {
    this.#parts = parts;
  }

  /** Lets work be leased and updates be decided. */
  start(): void {
    this.#granting = true;
    this.#granted = false;
    this.#decideAll();
  }

  /** Grants nothing more; what is out may still come in and count. */
  pause(): void {
    this.#granting = false;
    this.#decideAll();
  }

  /** Grants and decides nothing until {@link start} or {@link pause}. */
  freeze(): void {
    this.#granting = false;
    this.#deciding = false;
  }

  /** This update is complete and waits for nothing else: what follows where updates are decided now. */
  complete(live: LiveLease): void {
    // A commit may end the run, and have other updates than the one that made it full.
    if (!this.#deciding || this.#parts.leases.live(live.lease) === undefined) return;
    const { lease, baseUpdates, samples } = live;
    const { policy, committer } = this.#parts;
    this.#carryOut(policy.completed({ lease, baseUpdates, samples }, committer.updates));
  }

  /** Assigns what can be assigned, settles what can be settled, until nothing moves. */
  pump(): void {
    // A connection may end in the moment of its answer, during a commit: the call that carries that out goes on after it.
    if (this.#carryingOut) return;
    for (let moved = true; moved;) {
      const assigned = this.#assign();
      moved = this.#settle() || assigned;
    }
    this.#wakeLater();
  }

  /** Decides from now on, beginning with what became complete while nothing was decided. */
  #decideAll(): void {
    const { leases } = this.#parts;
    const waiting = this.#deciding ? [] : leases.all().filter(({ complete, waits }) => complete && !waits);
    this.#deciding = true;
    for (const live of waiting) this.complete(live);
    this.pump();
  }

  /** Says whether there was anything to do. */
  #assign(): boolean {
    const { policy, clock, crowd, placement, committer } = this.#parts;
    if (!this.#granting) return false;
    const counts = placement.workerCounts();
    if (policy.room(counts, clock.now()) === 0) return false;
    const ready = placement.admit(crowd.ready());
    const grants = policy.assign(ready, committer.updates, clock.now(), counts);
    for (const grant of grants) this.#grant(grant);
    return grants.length > 0;
  }

  #settle(): boolean {
    const { policy, clock } = this.#parts;
    return this.#deciding && this.#carryOut(policy.settle(clock.now(), this.#granting));
  }

  #wakeLater(): void {
    const { policy, clock } = this.#parts;
    this.#cancelWake();
    const wakeAt = this.#deciding ? policy.wakeAt() : null;
    if (wakeAt === null || wakeAt <= clock.now()) return;
    this.#cancelWake = clock.after(wakeAt - clock.now(), () => this.pump());
  }

  #grant(grant: LeaseGrant): void {
    const { crowd, leases, committer, firstLease } = this.#parts;
    const device = crowd.get(grant.device);
    if (device === undefined) return;
    leases.grant(device, grant, committer);
    if (this.#granted) return;
    this.#granted = true;
    firstLease();
  }

  #carryOut(decisions: Decision[]): boolean {
    let moved = false;
    this.#carryingOut = true;
    try {
      for (const decision of decisions) {
        if (!this.#deciding) break;
        moved = true;
        this.#do(decision);
      }
    } finally {
      this.#carryingOut = false;
    }
    return moved;
  }

  #do(decision: Decision): void {
    const { ends, committer } = this.#parts;
    switch (decision.type) {
      case 'commit':
        this.#commit(decision.members);
        break;
      case 'refuse':
        ends.refuse(decision.lease, decision.outcome, committer.version);
        break;
      case 'keep':
        ends.keep(decision.lease);
        break;
    }
  }

  #commit(members: CommitMember[]): void {
    const devices = this.#parts.committer.commit(members);
    this.#parts.placement.committed(devices);
    this.#parts.committed(devices);
  }
}
