import type { Outcome } from '../../../shared/protocol/outcomes.ts';
import type { Clock } from '../clock.ts';
import type { Crowd } from '../crowd/crowd.ts';
import type { Device } from '../crowd/device.ts';
import type { Placement } from '../placement/placement.ts';
import type { ShardPort } from '../shard/shardPort.ts';
import type { LeaseManager } from './leaseManager.ts';
import type { LiveLease } from './leaseTable.ts';

export interface LeaseEndsParts {
  clock: Clock;
  crowd: Crowd;
  placement: Placement;
  leases: LeaseManager;
  /** In the order of the key ranges. */
  shards: readonly ShardPort[];
}

/** How a lease ends without its update becoming part of the model, one method for each end. */
export class LeaseEnds {
  readonly #parts: LeaseEndsParts;

  constructor(parts: LeaseEndsParts) {
    this.#parts = parts;
  }

  /** The device gave it up [LS5], or sent what can never be applied: the device is at fault. */
  fail(live: LiveLease, outcome: Outcome): void {
    this.#parts.leases.settle(live, outcome, null);
    const device = this.#parts.crowd.get(live.device);
    if (device !== undefined) this.#atFault(device, live, outcome);
  }

  /** Its deadline passed before its update was complete [LS2]. */
  expire(live: LiveLease): void {
    this.#parts.leases.settle(live, 'EXPIRED', null);
    const device = this.#parts.crowd.get(live.device);
    if (device?.has(live.lease) !== true) return;
    device.late(live.lease, this.#parts.clock.now() - live.grantedAt, live.samples);
    this.#parts.placement.measured(device);
    this.#atFault(device, live, 'EXPIRED');
  }

  /** Its complete update is refused by the policy; its worker goes on from the weights of this version. */
  refuse(lease: number, outcome: Outcome, version: number): void {
    const live = this.#parts.leases.live(lease);
    if (live === undefined) return;
    this.#parts.leases.settle(live, outcome, version);
    const device = this.#parts.crowd.get(live.device);
    if (device === undefined) return;
    if (outcome === 'EXPIRED') {
      // Its round was over: it may be too slow for any.
      device.missed(lease);
      this.#parts.placement.measured(device);
    }
    device.decided(lease, version, null);
  }

  /** Its complete update stays staged, and its worker may have another lease of the round [LS10]. */
  keep(lease: number): void {
    const live = this.#parts.leases.live(lease);
    if (live === undefined) return;
    this.#parts.crowd.get(live.device)?.keep(lease);
    for (const shard of this.#parts.shards) shard.keep(lease);
  }

  /**
   * The run takes it back and no device is at fault.
   * @param version whose weights go with the answer to a complete update; null: none, and the worker asks again [LS9].
   */
  withdraw(live: LiveLease, version: number | null): void {
    this.#parts.leases.settle(live, 'WITHDRAWN', version);
    this.#parts.crowd.get(live.device)?.withdrawn(live.lease, version);
  }

  /** The device is gone: all that it has on lease ends, but complete updates count [LS16]. */
  withdrawAll(device: Device): void {
    for (const lease of device.leases) {
      const live = this.#parts.leases.live(lease);
      if (live !== undefined && !live.complete) {
        this.#parts.leases.settle(live, 'WITHDRAWN', null);
        device.history.lost++;
      }
      device.withdrawn(lease, null);
    }
  }

  /** The device is barred: nothing of it that is undecided becomes part of the model [TS7]. */
  bar(device: Device): void {
    for (const live of this.#parts.leases.all()) {
      if (live.device !== device.id) continue;
      this.#parts.leases.settle(live, 'BARRED', null);
      device.withdrawn(live.lease, null);
      device.history.lost++;
    }
  }

  #atFault(device: Device, { lease }: LiveLease, outcome: Outcome): void {
    device.failed(lease);
    this.#parts.crowd.atFault(device, outcome);
    this.#parts.placement.noticed(device);
  }
}
